"""The body of a JSON request, as a msgspec struct."""

from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.exceptions import HTTPException

from hub.api.parameters import InvalidParameters
from hub.web.fields import Refused, refuse_unstorable
from hub.web.i18n import gettext as _

Struct = TypeVar("Struct", bound=msgspec.Struct)


async def read_json(request: Request[Any, Any, Any], asks: type[Struct]) -> Struct:
    """Raises HTTPException 415 if it is no JSON, 400 if it is broken; InvalidParameters (422) if it does not fit."""
    if request.content_type[0] != "application/json":
        raise HTTPException(status_code=415)
    body = await request.body()
    try:
        # Decoded twice, so that broken JSON and unfit JSON stay apart: the second is a kind of the first.
        msgspec.json.decode(body)
        asked = msgspec.json.decode(body, type=asks)
        for value in msgspec.structs.astuple(asked):
            if isinstance(value, str):
                refuse_unstorable(value.replace("\r", ""))
    except msgspec.ValidationError as error:
        # "… - at `$.note`": where, and never what was sent.
        where = str(error).rpartition("`$.")[2].rstrip("`") if "`$." in str(error) else ""
        raise InvalidParameters(
            [{"name": where, "reason": _("This value is not valid.")}]
        ) from None
    except Refused as refusal:
        raise InvalidParameters([{"name": "", "reason": str(refusal)}]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise HTTPException(status_code=400) from None
    return asked
