"""The parameters of a JSON route: a struct of hub.web.fields, read like a form and refused like one."""

from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from litestar import Request

from hub.errors import HubError
from hub.ids import parse_uuid
from hub.web.fields import Field, Refused
from hub.web.forms import read_query
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

Struct = TypeVar("Struct", bound=msgspec.Struct)


@dataclass(frozen=True)
class Cursor(Field):
    """Where a list goes on: the id of the last row that was given."""

    def parse(self, text: str) -> object:
        found = parse_uuid(text)
        if found is None:
            raise Refused(_("This is not a cursor that the hub gave."))
        return found


class InvalidParameters(HubError):
    """`errors` says which and why; no value is repeated."""

    status = 422
    code = "invalid-parameters"
    message = N_("Some parameters cannot be used as they are.")

    def __init__(self, errors: list[dict[str, str]]) -> None:
        self.errors = errors
        super().__init__()


def read_parameters(request: Request[Any, Any, Any], asks: type[Struct]) -> Struct:
    """Parameters of the address; those that the struct does not know are left alone. Raises InvalidParameters."""
    form = read_query(request, asks)
    if form.data is None:
        whole = [{"name": "", "reason": problem} for problem in form.problems]
        raise InvalidParameters(
            [{"name": name, "reason": reason} for name, reason in form.errors.items()] + whole
        )
    return form.data
