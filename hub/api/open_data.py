"""Open data as JSON with an entity tag: whoever has the same already is not sent it again (RFC 9110 §8.8.3, §13.1.2)."""

import hashlib
from typing import Any

import msgspec
from litestar import Request, Response

# Desks and services change a few times a year; a minute spares the database a site that asks at every visit.
HEADERS = {"Cache-Control": "public, max-age=60", "Access-Control-Allow-Origin": "*"}


def answer(request: Request[Any, Any, Any], body: msgspec.Struct) -> Response[bytes]:
    """200 with the body, or 304 for a client that names the tag it would get. The tag is weak: of the content."""
    encoded = msgspec.json.encode(body)
    tag = f'W/"{hashlib.sha256(encoded).hexdigest()[:32]}"'
    headers = {**HEADERS, "ETag": tag}
    if _names(request.headers.get("if-none-match", ""), tag):
        return Response(b"", status_code=304, headers=headers)
    return Response(encoded, headers=headers, media_type="application/json")


def _names(asked: str, tag: str) -> bool:
    """Compared weakly, as RFC 9110 §13.1.2 asks."""
    wanted = tag.removeprefix("W/")
    tags = (one.strip().removeprefix("W/") for one in asked.split(","))
    return asked.strip() == "*" or wanted in tags
