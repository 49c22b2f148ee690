"""A file as an answer: saved, never shown as a page of ours, and never kept by a proxy."""

import re
from urllib.parse import quote

from litestar import Response

_PLAIN = re.compile(r"[^A-Za-z0-9._ -]")


def download(name: str, media_type: str, content: bytes) -> Response[bytes]:
    """RFC 6266: the name in ASCII for old programs, and as it is for the others."""
    plain = _PLAIN.sub("_", name)
    return Response(
        content,
        media_type=media_type,
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
            "Cache-Control": "private, no-store",
        },
    )
