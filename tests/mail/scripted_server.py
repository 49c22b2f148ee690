"""A mail server that says and does what a test tells it, byte for byte, line by line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CLOSE = "close"
SILENCE = "silence"


@dataclass
class ScriptedServer:
    """`says` maps a verb (`greeting`, `EHLO`, `MAIL`, `RCPT`, `DATA`, `.` for the end of the data …) to an answer.

    CLOSE cuts the connection there, SILENCE never answers. A function of how often that verb came gives each time its
    own answer.
    """

    says: dict[str, str | Callable[[int], str]] = field(default_factory=dict)
    port: int = 0
    messages: list[bytes] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)
    connections: int = 0

    def answer(self, verb: str) -> str:
        usual = {
            "greeting": "220 scripted.test",
            "EHLO": "250 scripted.test",
            "DATA": "354 go ahead",
            "QUIT": "221 bye",
        }
        said = self.says.get(verb, usual.get(verb, "250 2.0.0 OK"))
        return said if isinstance(said, str) else said(self.verbs.count(verb))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        going = await self._say("greeting", writer)
        while going and (line := await reader.readline()):
            verb = line.split()[0].decode().upper() if line.strip() else ""
            going = await self._say(verb, writer)
            if going and verb == "DATA" and self.answer("DATA").startswith("354"):
                self.messages.append(await reader.readuntil(b"\r\n.\r\n"))
                going = await self._say(".", writer)
            going = going and verb != "QUIT"

    async def _say(self, verb: str, writer: asyncio.StreamWriter) -> bool:
        """False where the conversation ends here."""
        self.verbs.append(verb)
        said = self.answer(verb)
        if said == CLOSE:
            return False
        if said == SILENCE:
            await asyncio.sleep(3600)
        writer.write(said.encode() + b"\r\n")
        await writer.drain()
        return not said.startswith("421")


@asynccontextmanager
async def scripted(
    **says: str | Callable[[int], str],
) -> AsyncIterator[ScriptedServer]:
    """`end` stands for the end of the data."""
    if "end" in says:
        says["."] = says.pop("end")
    script = ScriptedServer(dict(says))
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0, limit=2**20)
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        server.close()
        await server.wait_closed()
