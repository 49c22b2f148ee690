from __future__ import annotations

import httpx
from litestar import Litestar

from hub.web.head import answer_head


async def test_head_is_get_without_its_body(app: Litestar) -> None:
    transport = httpx.ASGITransport(answer_head(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.localhost") as client:
        asked, got = await client.head("/privacy"), await client.get("/privacy")
        assert (asked.status_code, asked.content) == (200, b"")
        assert asked.headers["content-length"] == got.headers["content-length"] != "0"
        assert (await client.head("/nowhere")).status_code == 404
        assert (await client.post("/privacy")).status_code in (403, 405)
