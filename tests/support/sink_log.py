"""What the fast sink saw: sessions with their messages, and which of them were on the wire when somebody was killed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

TAKEN = 250


@dataclass(slots=True)
class Message:
    """Instants are CLOCK_MONOTONIC in nanoseconds. `code` is 0 where the sink kept it and never answered."""

    recipient: str
    begun_at: int
    answered_at: int | None = None
    code: int = 0
    message_id: str = ""
    sender: str = ""

    @property
    def was_kept(self) -> bool:
        return self.answered_at is not None and self.code in {0, TAKEN}


@dataclass(slots=True)
class Session:
    port: int
    peer_port: int
    opened_at: int
    ended_at: int | None = None
    quit: bool = False
    messages: list[Message] = field(default_factory=list)

    def lived(self, since: int, until: int) -> bool:
        """Whether it was open at `since` already, or opened before `until`, and had not ended by `since`."""
        return self.opened_at < until and (self.ended_at is None or self.ended_at >= since)


def read(log: Path) -> list[Session]:
    sessions: dict[str, Session] = {}
    for line in log.read_text(errors="surrogateescape").splitlines():
        event, when, number, *rest = line.split("\t")
        if event == "O":
            sessions[number] = Session(int(rest[0]), int(rest[1]), int(when))
        elif event == "E":
            sessions[number].ended_at, sessions[number].quit = int(when), rest[0] == "quit"
        elif event == "B":
            sessions[number].messages.append(Message(rest[1], int(when)))
        else:
            _end(
                sessions[number].messages[-1],
                int(when),
                rest[1:] if event == "A" else ["0", *rest[1:]],
            )
    return list(sessions.values())


def _end(message: Message, when: int, answer: list[str]) -> None:
    message.answered_at, message.code = when, int(answer[0])
    message.message_id, message.sender = answer[1:]


def kept(sessions: Iterable[Session]) -> list[Message]:
    """Every copy that the sink has."""
    return [message for session in sessions for message in session.messages if message.was_kept]


def on_the_wire(
    sessions: Iterable[Session], port: int, killed_at: int, gone_at: int
) -> list[Message]:
    """What a client of this port, killed between these instants, had begun and may not have heard the answer of.

    That is the last message of each of its sessions: with pipelining a later envelope was written before the answer
    came, so only a later message's content shows that the answer was read. A farewell shows it too.
    """
    return [
        session.messages[-1]
        for session in sessions
        if session.port == port
        and session.messages
        and not session.quit
        and session.lived(killed_at, gone_at)
    ]
