"""What the pages about protocols share."""

from typing import Any
from uuid import UUID

from litestar import Request, Response

from hub import clock, files
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.ids import parse_uuid
from hub.tenants.accounts.actor import Actor
from hub.tenants.protocols.hand_in import countersign, hand_in
from hub.tenants.protocols.receive import BadDay
from hub.tenants.protocols.schemas import (
    CHECKS,
    KINDS,
    STANDINGS,
    TONES,
    SendCountersigned,
    SendSigned,
)
from hub.uploads import BadUpload
from hub.web.downloads import download
from hub.web.forms import KEY, Form, Struct, blank, filled
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.multipart import Upload
from hub.web.redirects import Message, message

PageRequest = Request[Any, Any, Any]

SIGNED = message("protocol-signed", N_("It is the document that was sent, signed. Thank you."))
TO_CHECK = message(
    "protocol-to-check", N_("The file has arrived. A person of the Ente compares it."), "info"
)

WORDS: dict[str, Any] = {
    "kinds": KINDS,
    "standings": STANDINGS,
    "tones": TONES,
    "checks": CHECKS,
}


def blank_signed() -> Form[SendSigned]:
    return blank(SendSigned, prefix="signed", signed_on=clock.today())


async def take_countersigned(
    actor: Actor, protocol_id: UUID, upload: Upload
) -> Form[SendCountersigned]:
    """The form, refused where the file cannot be taken. Raises NotFound."""
    form = _read(upload, SendCountersigned, "countersigned")
    if form.data is None:
        return form
    try:
        await countersign(actor.tenant_id, actor, protocol_id, upload.name, upload.content)
    except BadUpload as bad:
        form.refuse("file", _(bad.message))
    except Conflict as conflict:
        form.refuse(None, _(conflict.message))
    return form


async def take_signed(
    tenant_id: UUID,
    actor: Actor | None,
    protocol_id: UUID,
    upload: Upload,
    *,
    link_version: int | None = None,
) -> tuple[Form[SendSigned], Message | None]:
    """The form, refused where the file or the day cannot be taken; else what to say. Raises NotFound."""
    form = _read(upload, SendSigned, "signed")
    if form.data is None:
        return form, None
    try:
        protocol = await hand_in(
            tenant_id,
            actor,
            protocol_id,
            upload.name,
            upload.content,
            form.data.signed_on,
            link_version=link_version,
        )
    except BadUpload as bad:
        form.refuse("file", _(bad.message))
    except BadDay as bad:
        form.refuse("signed_on", _(bad.message))
    except Conflict as conflict:
        form.refuse(None, _(conflict.message))
    else:
        return form, SIGNED if protocol.state == "signed" else TO_CHECK
    return form, None


def _read(upload: Upload, asked: type[Struct], prefix: str) -> Form[Struct]:
    sent = {name: [value] for name, value in upload.fields.items()}
    key = parse_uuid(sent.pop(KEY, [""])[0])
    form = filled(asked, {**sent, "file": [upload.name]}, prefix=prefix)
    if not upload.name:
        form.errors["file"] = _("Choose a file first.")
    if key is None:
        form.refuse(None, _("The form has changed in the meantime. Please load the page again."))
    else:
        form.key = key
    return form


def status_of(form: Form[Any] | None) -> int:
    """Of the page that shows a form again."""
    if form is None or not form.failed:
        return 200
    return 409 if form.problems else 422


async def file_of(scope: TenantScope, file_id: UUID | None) -> Response[bytes]:
    """Raises NotFound."""
    found = await files.find(scope, file_id) if file_id else None
    if found is None:
        raise NotFound
    return download(found.name, found.media_type, await files.content(scope, found.id))
