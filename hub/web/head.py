"""HEAD for every page, as monitors and link checkers ask: the answer to GET without its body (RFC 9110 §9.3.2)."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

# As the ASGI specification has it; Litestar's and Granian's own types are stricter, each in its own way.
Message = MutableMapping[str, Any]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]


def answer_head(app: Application) -> Application:
    async def answering(scope: Message, receive: Any, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send(
                {**message, "body": b""} if message["type"] == "http.response.body" else message
            )

        await app({**scope, "method": "GET"}, receive, without_body)

    return answering
