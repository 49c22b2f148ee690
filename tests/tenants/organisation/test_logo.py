"""A logo is what its pixels show, and nothing else of the file that came."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import httpx
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.tenants.organisation import logo
from hub.uploads import BadUpload
from tests.factories import Tenant, make_desk, make_membership, make_tenant
from tests.support.web import sign_in
from tests.tenants.organisation.making import actions, picture, stored

NewClient = Callable[[], httpx.AsyncClient]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def bomb(width: int, height: int) -> bytes:
    """A PNG of some hundred octets that says it is huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = (
        chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )
    return b"\x89PNG\r\n\x1a\n" + body


def animated() -> bytes:
    target = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(target, "PNG", save_all=True, append_images=frames[1:])
    return target.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("size", [(1, 1), (600, 300), (4000, 10), (10, 4000), (1200, 1200)])
def test_any_picture_fits_the_frame(kind: str, size: tuple[int, int]) -> None:
    with Image.open(io.BytesIO(logo.drawn(picture(size, kind)))) as drawn:
        assert drawn.format == "PNG"
        assert drawn.width <= 600
        assert drawn.height <= 300
        assert drawn.size == size or drawn.width == 600 or drawn.height == 300


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "I;16"])
def test_pictures_of_every_mode_are_taken(mode: str) -> None:
    assert logo.drawn(picture((30, 20), mode=mode)).startswith(b"\x89PNG")


def test_a_picture_in_the_colours_of_print_is_taken() -> None:
    target = io.BytesIO()
    Image.new("CMYK", (30, 20)).save(target, "JPEG")
    assert logo.drawn(target.getvalue()).startswith(b"\x89PNG")


def test_a_picture_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(io.BytesIO(logo.drawn(picture((100, 50), "JPEG", exif=exif)))) as drawn:
        assert drawn.size == (50, 100)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (SVG, "PNG or JPEG"),
        (b"<!doctype html><script>alert(1)</script>", "PNG or JPEG"),
        (b"GIF89a" + b"\0" * 50, "PNG or JPEG"),
        (b"%PDF-1.7\n", "PNG or JPEG"),
        (b"\x89PNG\r\n\x1a\n" + SVG, "cannot be read"),
        (b"\xff\xd8\xff" + SVG, "cannot be read"),
        (picture()[:-30], "cannot be read"),
        (picture(kind="JPEG")[:400], "cannot be read"),
        (bomb(20_000, 20_000), "too large"),
        (bomb(65_000, 65_000), "too large"),
        (bomb(4001, 1), "too large"),
        (animated(), "moves"),
        (picture() + b"\0" * logo.MAX_BYTES, "larger than 5 MB"),
    ],
    ids=[
        "empty",
        "svg",
        "html",
        "gif",
        "pdf",
        "svg-behind-png",
        "svg-behind-jpeg",
        "half-png",
        "half-jpeg",
        "bomb",
        "greater-bomb",
        "wide",
        "animated",
        "heavy",
    ],
)
def test_what_is_no_still_picture_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(BadUpload) as refused:
        logo.drawn(content)
    assert said in refused.value.message


def test_a_text_that_swells_is_refused() -> None:
    """A few kilobytes of zTXt that would become a hundred megabytes."""
    content = picture((10, 10))
    swollen = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 100_000_000))
    with pytest.raises(BadUpload):
        logo.drawn(content[:33] + swollen + content[33:])


def test_nothing_but_pixels_stays() -> None:
    """Neither a script behind the picture, nor its text, its position or its profile."""
    info = PngInfo()
    info.add_text("Comment", "<script>alert(1)</script>")
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    noisy = picture((50, 50), pnginfo=info, exif=exif, icc_profile=b"profile" * 20)
    for content in (noisy + SVG, picture((50, 50), "JPEG", comment=b"<script>", exif=exif) + SVG):
        drawn = logo.drawn(content)
        for trace in (b"script", b"svg", b"taken at home", b"profile", b"iCCP", b"eXIf", b"tEXt"):
            assert trace not in drawn


async def send(client: httpx.AsyncClient, content: bytes, name: str = "logo.png") -> httpx.Response:
    return await client.post(
        "/organisation/logo",
        files={"file": (name, content, "image/png")},
        data={"_csrf_token": client.headers["x-csrf-token"]},
    )


async def files_of(tenant: Tenant) -> int:
    async with tenant_transaction(tenant.id) as scope:
        count: int = await scope.fetchval("SELECT count(*) FROM files")
        assert count == await scope.fetchval("SELECT count(DISTINCT file_id) FROM file_parts")
    return count


async def test_a_logo_is_sent_shown_to_everyone_replaced_and_removed(
    office: httpx.AsyncClient, new_client: NewClient, host: Tenant
) -> None:
    address = f"/organisations/{host.id}/logo"
    anyone = new_client()
    assert (await anyone.get(address)).status_code == 404

    assert (await send(office, picture())).headers["location"] == "/organisation"
    shown = await anyone.get(address)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["cache-control"] == "public, max-age=300"
    with Image.open(io.BytesIO(shown.content)) as drawn:
        assert drawn.size == (600, 150)
    tag = shown.headers["etag"]
    same = await anyone.get(address, headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    assert f"{address}?" in (await office.get("/organisation")).text

    assert (await send(office, picture((50, 50), "JPEG"), "photo.jpg")).status_code == 303
    assert (await anyone.get(address, headers={"If-None-Match": tag})).status_code == 200
    assert await files_of(host) == 1

    assert (await office.post("/organisation/logo/remove")).status_code == 303
    assert (await anyone.get(address)).status_code == 404
    assert await files_of(host) == 0
    assert (await stored(host))["logo_id"] is None
    assert await actions(host) == ["logo.changed", "logo.changed", "logo.removed"]


async def test_a_logo_that_is_a_script_leaves_the_old_one(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    await send(office, picture())
    before = (await stored(host))["logo_id"]
    refused = await send(office, SVG, "logo.png")
    assert refused.status_code == 422
    assert "Only pictures are taken" in refused.text
    assert "alert(1)" not in refused.text
    assert (await stored(host))["logo_id"] == before


async def test_without_a_file_the_page_says_so(office: httpx.AsyncClient) -> None:
    refused = await send(office, b"", "")
    assert refused.status_code == 422
    assert "Choose a file first." in refused.text


async def test_only_whoever_changes_the_organisation_changes_its_logo(
    new_client: NewClient, host: Tenant
) -> None:
    limited = await make_membership(host, "admin", desks=(await make_desk(host),))
    for person in (limited, await make_membership(host, "operator")):
        client = new_client()
        await sign_in(client, person)
        assert (await send(client, picture())).status_code == 403
    assert await files_of(host) == 0


@pytest.mark.parametrize("asked", ["not-an-id", "%00"])
async def test_an_address_of_nothing(client: httpx.AsyncClient, asked: str) -> None:
    assert (await client.get(f"/organisations/{asked}/logo")).status_code == 404
    assert (await client.get(f"/organisations/{uuid7()}/logo")).status_code == 404


async def test_one_organisations_logo_is_not_anothers(
    office: httpx.AsyncClient, new_client: NewClient
) -> None:
    await send(office, picture())
    other = await make_tenant("lender")
    assert (await new_client().get(f"/organisations/{other.id}/logo")).status_code == 404
