"""An organisation's logo: a picture from outside, judged by its content and drawn anew, so that only pixels stay."""

import io
from uuid import UUID

from PIL import Image, ImageOps

from hub import audit, files
from hub.db import TenantScope
from hub.tenants.accounts.actor import Actor
from hub.tenants.organisation import queries
from hub.tenants.organisation.details import own
from hub.uploads import BadUpload
from hub.web.i18n import N_

PNG = "image/png"
WIDEST, HIGHEST = 600, 300
MAX_BYTES = 5 * 1024 * 1024
# On each side: beyond it the picture is not decoded, whatever its file's size.
MOST_PIXELS = 4000
_FORMATS = ("PNG", "JPEG")
_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


def drawn(content: bytes) -> bytes:
    """A PNG that fits into 600×300, with nothing of the file but what is seen. Takes CPU; raises BadUpload."""
    if not content:
        raise BadUpload("empty", N_("This file is empty."))
    if len(content) > MAX_BYTES:
        raise BadUpload(
            "too-large", N_("This picture is larger than 5 MB. Please make it smaller.")
        )
    if not content.startswith(_SIGNATURES):
        raise BadUpload("no-picture", N_("Only pictures are taken: PNG or JPEG."))
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            _check(picture)
            return _encoded(picture)
    except BadUpload:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except (
        Exception
    ) as error:  # a decoder of strangers' octets trips in many ways, all of which mean the same
        raise BadUpload(
            "broken-picture", N_("This picture cannot be read: it is broken or not whole.")
        ) from error


def _check(picture: Image.Image) -> None:
    """Of its header alone, before any pixel is decoded."""
    if max(picture.size) > MOST_PIXELS:
        raise _too_many_pixels()
    if getattr(picture, "n_frames", 1) > 1:
        raise BadUpload("animated", N_("This picture moves. Please choose one that stands still."))


def _too_many_pixels() -> BadUpload:
    return BadUpload(
        "too-many-pixels",
        N_("This picture is too large: at most 4,000 pixels in width and in height."),
    )


def _encoded(picture: Image.Image) -> bytes:
    picture.draft("RGB", (2 * WIDEST, 2 * HIGHEST))
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail((WIDEST, HIGHEST), Image.Resampling.LANCZOS)
    # Onto a new picture: no text, profile or metadata of the old one goes along.
    clean = Image.new("RGBA", upright.size)
    clean.paste(upright)
    target = io.BytesIO()
    clean.save(target, "PNG", optimize=True)
    return target.getvalue()


async def replace(scope: TenantScope, actor: Actor, picture: bytes | None) -> None:
    """`picture` is what `drawn` gave; None takes the logo away. The old file goes."""
    stored = await own(scope, lock=True)
    if picture is None and stored.logo_id is None:
        return
    new: UUID | None = None
    if picture is not None:
        new = await files.store(scope, "logo.png", PNG, picture)
    await queries.set_logo(scope, new)
    if stored.logo_id:
        await files.delete(scope, stored.logo_id)
    action = "logo.changed" if new else "logo.removed"
    await audit.record(scope, actor, action, "organisation", scope.tenant_id)
