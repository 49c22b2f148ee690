"""Which data an entry of an audit log says were changed, as the reader knows their names."""

from collections.abc import Mapping

from hub.tenants.exchange.kinds import KINDS as COLUMNS
from hub.tenants.organisation.schemas import Details
from hub.web.forms import fields_of
from hub.web.i18n import gettext as _

Codes = Mapping[str, object]

# Where an import of the Ente's changed something: the kind of file, whose columns the codes name.
_IMPORTED = {
    "organisation.changed": "hosts",
    "desk.changed": "desks",
    "service.changed": "services",
    "service.ended": "services",
    "membership.renamed": "operators",
    "invitation.changed": "operators",
}


def changed_data(action: str, codes: Codes) -> str:
    """Empty where it was not data that changed."""
    if action == "settings.changed":
        return ", ".join(_labels(codes))
    if fields := _fields(action, codes):
        return _("By an import: %(fields)s", fields=", ".join(fields))
    return ""


def _fields(action: str, codes: Codes) -> list[str]:
    """As the columns of the file are called."""
    kind, named = _IMPORTED.get(action), str(codes.get("fields") or "").split(",")
    return [title for name, title in COLUMNS[kind].titles.items() if name in named] if kind else []


def _labels(codes: Codes) -> list[str]:
    """As the form of an organisation's own details calls its fields, each once and in its order."""
    # A saint is one choice there, and several columns.
    named = {
        "patron" if name.startswith("patron_") else name
        for name in str(codes.get("fields") or "").split(",")
    }
    asked = fields_of(Details)
    return [_(asked[name].field.label) for name in asked if name in named]
