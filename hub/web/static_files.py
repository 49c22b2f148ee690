"""Browser files, ours and vendored, served from memory under one version: `/static/<version>/hub.css`.

The version is a digest of every file, so that an address never changes its content and may be kept for a year, and
relative addresses inside a style sheet stay within the version. Nothing a visitor writes becomes a file name.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from litestar import HttpMethod, Request, Response, route
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

HUB = Path(__file__).parent.parent
FOREVER = "public, max-age=31536000, immutable"
# A browser that still has yesterday's page, or asks the host that was not updated yet, gets the file all the same.
BRIEFLY = "public, max-age=60"
_COMPRESSIBLE = {".css", ".js", ".svg", ".json", ".txt", ".html"}
mimetypes.add_type("font/woff2", ".woff2")


@dataclass(frozen=True)
class StaticFile:
    name: str
    body: bytes

    @cached_property
    def media_type(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "text/plain"

    @cached_property
    def compressed(self) -> bytes | None:
        return (
            gzip.compress(self.body, 9, mtime=0)
            if Path(self.name).suffix in _COMPRESSIBLE
            else None
        )


@cache
def static_files() -> dict[str, StaticFile]:
    """By name: `hub.css` and `vendor/…` from hub/web/static, `<domain>/…` from a domain's own static folder."""
    files = {}
    for folder in sorted(HUB.glob("*/static")):
        prefix = "" if folder.parent.name == "web" else f"{folder.parent.name}/"
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                name = prefix + path.relative_to(folder).as_posix()
                files[name] = StaticFile(name, path.read_bytes())
    return files


@cache
def version() -> str:
    digest = hashlib.sha256()
    for name, file in static_files().items():
        digest.update(name.encode() + b"\0" + hashlib.sha256(file.body).digest())
    return digest.hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a static file. Raises LookupError for one that does not exist, so that no page links to it."""
    if name not in static_files():
        raise LookupError(f"no static file {name}; vendored ones come with `pip install -e .`")
    return f"/static/{version()}/{name}"


@route(
    "/static/{asked:str}/{name:path}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    opt={"public": True},
    include_in_schema=False,
    sync_to_thread=False,
)
def serve_static(
    request: Request[Any, Any, Any], asked: FromPath[str], name: FromPath[str]
) -> Response[bytes]:
    file = static_files().get(name.lstrip("/"))
    if file is None:
        raise NotFoundException
    headers = {
        "Cache-Control": FOREVER if asked == version() else BRIEFLY,
        "Vary": "Accept-Encoding",
    }
    body = file.body
    if file.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = file.compressed
    return Response(body, media_type=file.media_type, headers=headers)
