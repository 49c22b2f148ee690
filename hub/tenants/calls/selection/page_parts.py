"""What the pages of a selection share: an application as those see it who examine or evaluate it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import Response

from hub import files
from hub.db import TenantScope
from hub.errors import NotFound
from hub.tenants.calls import queries as calls
from hub.tenants.calls.applications import queries as applications
from hub.tenants.calls.applications.schemas import (
    DECLARATIONS,
    LEGAL_BASES,
    Application,
    Attached,
    Completion,
    Content,
)
from hub.tenants.calls.schemas import HOST_KINDS, Call
from hub.tenants.territory.queries import municipality_names, region_names
from hub.web.downloads import download
from hub.web.formats import format_number
from hub.web.i18n import gettext as _

# How an exclusion, an outcome and the like are coloured, everywhere in a selection.
TONES = {
    "submitted": "info",
    "admitted": "success",
    "reserve": "warning",
    "excluded": "danger",
    "withdrawn": "neutral",
}
# Labels of an application's parts, as its pages take them.
WORDS: dict[str, Any] = {
    "host_kinds": HOST_KINDS,
    "legal_bases": LEGAL_BASES,
    "declarations": DECLARATIONS,
}


@dataclass(frozen=True, slots=True)
class Dossier:
    """All of one application that there is to read. `places` and `regions` are names by code."""

    call: Call
    application: Application
    content: Content
    attached: list[Attached]
    completions: list[Completion]
    places: Mapping[str, str]
    regions: Mapping[str, str]

    def label(self, kind: str) -> str:
        """What an attachment is, in the call's words."""
        if kind == "completion":
            return _("In answer to the request")
        return next((file.label for file in self.call.required_files if file.code == kind), kind)


async def dossier(scope: TenantScope, application_id: UUID, call_id: UUID | None = None) -> Dossier:
    """Raises NotFound for a draft too, and for one of another call than `call_id`."""
    application = await applications.find(scope, application_id)
    if application is None or application.content is None:
        raise NotFound
    if call_id is not None and application.call_id != call_id:
        raise NotFound
    call = await calls.find(scope, application.call_id)
    if call is None:
        raise NotFound
    content = application.content
    codes = {
        content.organisation.municipality_code,
        *(one.municipality_code for one in content.desks),
    }
    return Dossier(
        call,
        application,
        content,
        await applications.files_of(scope, application_id),
        await applications.completions_of(scope, application_id),
        await municipality_names(scope, codes),
        await region_names(scope),
    )


async def attachment(
    scope: TenantScope, application_id: UUID, attached_id: UUID
) -> Response[bytes]:
    """Raises NotFound for a file of another application."""
    attached = await applications.files_of(scope, application_id)
    found = next((one for one in attached if one.id == attached_id), None)
    if found is None:
        raise NotFound
    return download(found.name, found.media_type, await files.content(scope, found.file_id))


def points(value: Decimal | None) -> str:
    """Of 100: as many decimals as there are."""
    return "–" if value is None else format_number(value.normalize())
