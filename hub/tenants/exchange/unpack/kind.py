"""What a file is, whatever its name says."""

from hub.tenants.exchange.unpack.archive import check_archive
from hub.tenants.exchange.unpack.limits import Refused

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PASSWORD = "EncryptedPackage".encode("utf-16-le")


def kind_of(content: bytes) -> str:
    """`xlsx` or `csv`, judged by what is in it. Raises Refused."""
    if not content.strip(b"\xef\xbb\xbf \r\n\t;,"):
        raise Refused("empty")
    if content.startswith(_OLE):
        raise Refused("password" if _PASSWORD in content else "old_excel")
    if content.startswith(b"PK"):
        check_archive(content)
        return "xlsx"
    if content.startswith((b"%PDF-", b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b")):
        raise Refused("not_a_table")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "csv"
    if b"\0" in content:
        raise Refused("not_a_table")
    return "csv"
