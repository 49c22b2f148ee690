from __future__ import annotations

from typing import Any

import pytest
from litestar import Request
from litestar.exceptions import HTTPException
from msgspec import Struct

from hub.api.body import read_json


class Asked(Struct):
    reason: object


def request_with(body: bytes) -> Request[Any, Any, Any]:
    scope: Any = {"type": "http", "headers": [(b"content-type", b"application/json")]}
    request: Request[Any, Any, Any] = Request(scope)
    request._body = body
    return request


@pytest.mark.parametrize("body", [b"[" * 100_000 + b"]" * 100_000, b"{", b"\xff", b""])
async def test_broken_or_bottomless_json_is_the_senders_mistake(body: bytes) -> None:
    with pytest.raises(HTTPException) as refused:
        await read_json(request_with(body), Asked)
    assert refused.value.status_code == 400
