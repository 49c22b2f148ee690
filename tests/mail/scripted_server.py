"""A mail server that says and does what a test tells it, byte for byte, line by line."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CLOSE = "close"
SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Drip:
    """Said octet by octet."""

    text: str


@dataclass(frozen=True, slots=True)
class Raw:
    """Said as it stands, with no line end added."""

    octets: bytes


Said = str | Drip | Raw


@dataclass
class ScriptedServer:
    """`says` maps a verb (`greeting`, `EHLO`, `MAIL`, `RCPT`, `DATA`, `.` for the end of the data …) to an answer.

    CLOSE cuts the connection there, SILENCE never answers. A function of how often that verb came gives each time its
    own answer. `body` stands for a point in the middle of the data, where nothing is said usually.
    """

    says: dict[str, Said | Callable[[int], Said]] = field(default_factory=dict)
    extensions: Sequence[str] = ()
    certificate: ssl.SSLContext | None = None
    """With it, STARTTLS is offered."""
    account: tuple[str, str] | None = None
    port: int = 0
    messages: list[bytes] = field(default_factory=list)
    """Those whose final dot has come, whatever was said to it, with the final dot."""
    held: list[str] = field(default_factory=list)
    """Their recipients."""
    verbs: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    connections: int = 0
    """Asked for, granted or not."""
    grants: int = 1000
    """So many connections at once; whoever wants another one is told so."""
    open_now: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def answer(self, verb: str) -> Said:
        usual = {
            "greeting": "220 scripted.test",
            "EHLO": self._hello(),
            "STARTTLS": "220 go ahead",
            "DATA": "354 go ahead",
            "QUIT": "221 bye",
        }
        said = self.says.get(verb, usual.get(verb, "250 2.0.0 OK"))
        return said(self.verbs.count(verb)) if callable(said) else said

    def _hello(self) -> str:
        offered = [*self.extensions]
        if self.certificate and "STARTTLS" not in self.verbs:
            offered.append("STARTTLS")
        lines = ["scripted.test", *offered]
        return "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task
        if self.open_now >= self.grants:
            writer.write(b"421 4.7.0 too many connections from you\r\n")
            writer.close()
            return
        self._tasks.add(task)
        self.open_now += 1
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        except asyncio.CancelledError:
            # `stop`, while it was silent.
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            self.open_now -= 1
            writer.close()

    async def stop(self) -> None:
        while self._tasks:
            task = self._tasks.pop()
            task.cancel()
            await asyncio.wait({task})

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipient = ""
        said = await self._say("greeting", writer)
        while said is not None and (line := await reader.readline()):
            text = line.decode().rstrip("\r\n")
            self.lines.append(text)
            verb = text.split()[0].upper() if text.strip() else ""
            if verb == "AUTH" and self.account:
                said = await self._sign_in(text, reader, writer)
                continue
            said = await self._say(verb, writer)
            if verb == "RCPT":
                recipient = text[len("RCPT TO:<") :].partition(">")[0]
            elif verb == "STARTTLS" and said is not None and self.certificate:
                await writer.start_tls(self.certificate)
            elif verb == "DATA" and said is not None and said.startswith("354"):
                said = await self._take(recipient, reader, writer)
            elif verb == "QUIT":
                return

    async def _take(
        self, recipient: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> str | None:
        if "body" in self.says:
            await reader.read(10)
            if await self._say("body", writer) is None:
                return None
        self.messages.append(await self._data(reader))
        self.held.append(recipient)
        return await self._say(".", writer)

    async def _data(self, reader: asyncio.StreamReader) -> bytes:
        data = bytearray()
        while not (data.endswith(b"\r\n.\r\n") or data == b".\r\n"):
            line = await reader.readline()
            if not line:
                raise asyncio.IncompleteReadError(bytes(data), None)
            data += line
        return bytes(data)

    async def _say(self, verb: str, writer: asyncio.StreamWriter) -> str | None:
        """None where the conversation ends here."""
        self.verbs.append(verb)
        said = self.answer(verb)
        if said == CLOSE:
            return None
        if said == SILENCE:
            await asyncio.sleep(3600)
        words = _words(said)
        if isinstance(said, Drip):
            for octet in f"{words}\r\n".encode():
                writer.write(bytes([octet]))
                await asyncio.sleep(0)
        elif words or verb != "body":
            writer.write(said.octets if isinstance(said, Raw) else f"{words}\r\n".encode())
            await writer.drain()
        return None if words.startswith("421") else words

    async def _sign_in(
        self, line: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> str:
        assert self.account
        self.verbs.append("AUTH")
        words = line.split()
        if words[1] == "PLAIN":
            first = words[2] if len(words) > 2 else await self._asked(reader, writer)
            _, name, password = base64.b64decode(first).decode().split("\0")
        else:
            name = base64.b64decode(await self._asked(reader, writer)).decode()
            password = base64.b64decode(await self._asked(reader, writer)).decode()
        right = (name, password) == self.account
        said = "235 2.7.0 welcome" if right else "535 5.7.8 wrong password"
        writer.write(f"{said}\r\n".encode())
        return said

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        writer.write(b"334 \r\n")
        return (await reader.readline()).decode().strip()


def _words(said: Said) -> str:
    if isinstance(said, Raw):
        return said.octets.decode("latin-1")
    return said.text if isinstance(said, Drip) else said


@asynccontextmanager
async def scripted(
    *,
    extensions: Sequence[str] = (),
    certificate: ssl.SSLContext | None = None,
    implicit_tls: bool = False,
    account: tuple[str, str] | None = None,
    **says: Said | Callable[[int], Said],
) -> AsyncIterator[ScriptedServer]:
    """`end` stands for the end of the data."""
    if "end" in says:
        says["."] = says.pop("end")
    script = ScriptedServer(dict(says), extensions, None if implicit_tls else certificate, account)
    server = await asyncio.start_server(
        script.serve, "127.0.0.1", 0, limit=2**16, ssl=certificate if implicit_tls else None
    )
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        server.close()
        await script.stop()
        await server.wait_closed()


@asynccontextmanager
async def talking(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """A server of one function; its port."""
    tasks = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            await talk(reader, writer)
        except (asyncio.CancelledError, ConnectionError):
            writer.transport.abort()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            if task is not None and not task.done():
                task.cancel()
                await asyncio.wait({task})


async def hello(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *extensions: str
) -> None:
    writer.write(b"220 hello\r\n")
    await reader.readline()
    writer.write(b"250-hello\r\n")
    for extension in extensions:
        writer.write(f"250-{extension}\r\n".encode())
    writer.write(b"250 HELP\r\n")


async def until(condition: Callable[[], object]) -> None:
    """For what a server's side has seen, which nothing signals."""
    while not condition():  # noqa: ASYNC110  # the reason above
        await asyncio.sleep(0.01)
