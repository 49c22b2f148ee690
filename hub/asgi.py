"""What an ASGI server loads: `granian --interface asgi hub.asgi:app`."""

from granian.utils.proxies import wrap_asgi_with_proxy_headers

from hub.app import create_app
from hub.config import Settings
from hub.web.head import answer_head

_settings = Settings.from_env()
app = wrap_asgi_with_proxy_headers(
    # As one text: Granian's own reading of it allows blanks behind the commas.
    answer_head(create_app(_settings)),
    trusted_hosts=_settings.trusted_proxies,
)
