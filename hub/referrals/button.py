"""Forms of one button: nothing to fill in, and a key that makes a second click the same as the first."""

from typing import Any
from uuid import UUID, uuid4

import msgspec
from litestar import Request
from litestar.exceptions import HTTPException

from hub.web.forms import read_form


class Nothing(msgspec.Struct):
    pass


async def button_key(request: Request[Any, Any, Any]) -> UUID:
    """The form's key, or a new one where it was sent without. Raises HTTPException 422 for anything else in it."""
    if not await request.body():
        return uuid4()
    form = await read_form(request, Nothing)
    if form.data is None:
        raise HTTPException(status_code=422)
    return form.key
