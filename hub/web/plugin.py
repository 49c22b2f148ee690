"""Everything pages need, added to the application in one line: `plugins=[WebPlugin(base_url=settings.base_url)]`."""

from litestar.config.app import AppConfig
from litestar.plugins import InitPlugin

from hub.web import page, pages
from hub.web.csrf import CsrfMiddleware
from hub.web.headers import security_headers
from hub.web.locale import switch_locale
from hub.web.static_files import serve_static
from hub.web.templating import template_config


class WebPlugin(InitPlugin):
    def __init__(self, *, base_url: str) -> None:
        self._https = base_url.startswith("https:")

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        app_config.template_config = template_config()
        app_config.before_request = page.before_request
        app_config.before_send.append(security_headers(https=self._https))
        # First of all, so that a forged form does not even look for a session.
        app_config.middleware.insert(0, CsrfMiddleware(secure=self._https))
        app_config.route_handlers.extend([*pages.HANDLERS, switch_locale, serve_static])
        app_config.state["secure_cookies"] = self._https
        return app_config
