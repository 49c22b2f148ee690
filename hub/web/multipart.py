"""Forms that bring a file. A route that takes one is made so:

    @post("/…/files", opt=csrf.MULTIPART, request_max_body_size=LARGEST_REQUEST, …)
    async def add_file(request: …) -> …:
        upload = await read_upload(request)

Whatever breaks off half-way raises before anything is known of it: there is never half a file.
"""

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException, InternalServerException

from hub.uploads import MAX_BYTES
from hub.web import csrf

# Larger than the largest file, so that somewhat too large a file gets an answer and not a broken connection.
LARGEST_REQUEST = 4 * MAX_BYTES


@dataclass(frozen=True, slots=True)
class Upload:
    """`name` as the browser gave it; nothing is checked yet. An empty name: no file was chosen."""

    name: str
    content: bytes
    fields: dict[str, str]


async def read_upload(request: Request[Any, Any, Any], field: str = "file") -> Upload:
    """Raises StaleForm, and HTTPException: 415 for another kind of form, 400 for a broken one, 413 above LARGEST_REQUEST."""
    if request.content_type[0] != RequestEncodingType.MULTI_PART:
        raise HTTPException(status_code=415)
    try:
        form = await request.form()
    except InternalServerException as error:
        # So Litestar calls a sender who goes away before the end, which is no fault of ours.
        raise HTTPException(status_code=400) from error
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    csrf.check(request, fields.pop(csrf.FIELD, ""))
    file = form.get(field)
    if not isinstance(file, UploadFile):
        return Upload("", b"", fields)
    # One octet more than is taken shows that it is too large.
    return Upload(file.filename, await file.read(MAX_BYTES + 1), fields)
