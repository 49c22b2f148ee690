"""How a file's cells look on a page: days and amounts as everywhere else, and what the file could not say as it is."""

from collections.abc import Mapping

from hub.tenants.exchange import cells
from hub.tenants.exchange.cells import BadCell
from hub.tenants.exchange.schemas import Kind
from hub.web.formats import format_date, format_money, format_phone


def shown_cell(kind: Kind, name: str, text: str) -> str:
    column = next((one for one in kind.columns if one.name == name), None)
    if column is None or not text:
        return text
    try:
        if column.read is cells.cents:
            return format_money(cells.cents(text))
        if column.read is cells.day:
            return format_date(cells.day(text))
        if column.read is cells.phone:
            return format_phone(text)
    except BadCell:
        pass
    return text


def shown_reference(written: Mapping[str, str]) -> str:
    """What an organisation is called by in a row of any kind; empty where it is not."""
    for name in ("organisation", "fiscal_code", "ipa_code"):
        if text := written.get(name):
            try:
                return cells.reference(text)
            except BadCell:
                continue
    return ""
