"""The ZIP archive that an XLSX file is: neither its size nor its list of members is believed."""

import io
import re
import zipfile
import zlib

from hub.tenants.exchange.unpack.limits import Refused

MOST_SHEETS = 20
MOST_MEMBERS = 500
# A sheet of 50,000 rows with all its columns full unfolds to about 60 MB.
MOST_UNFOLDED = 300 * 1024 * 1024

_BROKEN = (zipfile.BadZipFile, NotImplementedError, OSError)
# What calamine does not tell: an error's cell and a formula without a value both look empty.
_TELLING = re.compile(rb"\bt\s*=\s*[\"']e[\"']|<(?:\w+:)?f[\s>/]")


def check_archive(content: bytes) -> None:
    """What the archive says of itself; `unfolded` looks at what it really holds. Raises Refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (*_BROKEN, ValueError):
        raise Refused("broken") from None
    names = {member.filename for member in members}
    if "mimetype" in names and "content.xml" in names:
        raise Refused("open_document")
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise Refused("not_a_table")
    if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > MOST_UNFOLDED:
        raise Refused("bomb")
    if any(member.flag_bits & 1 for member in members):
        raise Refused("password")
    if sum(name.startswith("xl/worksheets/") and name.endswith(".xml") for name in names) > (
        MOST_SHEETS
    ):
        raise Refused("sheets")


def unfolded(content: bytes) -> bool:
    """Whether a sheet holds errors or formulas. Raises Refused for one larger than it says, or than anything honest."""
    total, telling = 0, False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                sheet = member.filename.startswith("xl/worksheets/")
                before = b""
                with archive.open(member) as stream:
                    while piece := stream.read(1024 * 1024):
                        total += len(piece)
                        if total > MOST_UNFOLDED:
                            raise Refused("bomb")
                        if sheet and not telling:
                            telling = _TELLING.search(before + piece) is not None
                            before = piece[-64:]
                        if member.filename.endswith(".xml") and b"<!DOCTYPE" in piece:
                            raise Refused("bomb")
    except (*_BROKEN, zipfile.LargeZipFile, EOFError, zlib.error):
        raise Refused("broken") from None
    return telling
