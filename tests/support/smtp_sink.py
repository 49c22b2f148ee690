"""A mail server in the test's own loop, which keeps what it was given and refuses what it is told to."""

from __future__ import annotations

import asyncio
import email
import email.policy
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class Received:
    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    def text(self, subtype: str = "plain") -> str:
        """The body of that kind, decoded; '' if there is none."""
        part = self.message.get_body((subtype,))
        return str(part.get_content()) if part else ""


@dataclass(slots=True)
class SmtpSink:
    """`replies` maps a recipient to what the server says at its RCPT, such as `"550 5.1.1 no such user"`."""

    messages: list[Received] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    port: int = 0
    _server: asyncio.Server | None = None
    _sessions: list[SMTP] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen; after a stop, on the same port as before."""
        loop = asyncio.get_running_loop()

        def serve() -> SMTP:
            self._sessions.append(SMTP(self, hostname="sink.test", loop=loop, enable_SMTPUTF8=True))
            return self._sessions[-1]

        self._server = await loop.create_server(serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut every connection, and refuse new ones."""
        while self._sessions:
            transport = self._sessions.pop().transport
            if transport is not None:
                transport.close()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def sent_to(self, address: str) -> list[Received]:
        return [received for received in self.messages if address in received.recipients]

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        reply = self.replies.get(address, "250 2.1.5 OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # the same
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), message))
        return "250 2.0.0 OK"
