"""Which files are taken: spreadsheets, judged by what is in them and not by their name."""

from hub.tenants.exchange.unpack.kind import kind_of
from hub.tenants.exchange.unpack.limits import Refused
from hub.uploads import MAX_BYTES, clean_name

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"


def check_spreadsheet(name: str, content: bytes) -> tuple[str, str]:
    """A name fit to be kept, and the media type. Raises Refused."""
    if len(content) > MAX_BYTES:
        raise Refused("too_large")
    kind = kind_of(content)
    return clean_name(name), XLSX if kind == "xlsx" else CSV
