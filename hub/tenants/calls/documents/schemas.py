from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from hub.web.fields import Text
from hub.web.i18n import N_


class Document(msgspec.Struct, frozen=True):
    """`title` is what the page calls it, `name` what it is saved as; `size` in octets."""

    id: UUID
    call_id: UUID
    file_id: UUID
    title: str
    added_at: datetime
    name: str
    media_type: str
    size: int


class AddDocument(msgspec.Struct, frozen=True):
    """`file` is the name under which the browser sends it."""

    title: Annotated[str, Text(N_("What the page calls it"), max_length=150)]
    file: Annotated[str, Text(N_("File"), N_("PDF, at most 10 MB."), max_length=1000)]
