"""What the local mailbox has received: one SQLite file, so that it is still there after a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
  id integer PRIMARY KEY AUTOINCREMENT,
  received_at text NOT NULL,
  sender text NOT NULL,
  shown_from text NOT NULL,
  subject text NOT NULL,
  raw blob NOT NULL
);
CREATE TABLE IF NOT EXISTS recipients (
  address text NOT NULL,
  message_id integer NOT NULL REFERENCES messages (id),
  PRIMARY KEY (address, message_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS recipients_of_message ON recipients (message_id);
"""
INSERT = """
INSERT INTO messages (received_at, sender, shown_from, subject, raw) VALUES (?, ?, ?, ?, ?)
"""
COLUMNS = "m.id, m.received_at, m.shown_from, m.subject"


@dataclass(frozen=True, slots=True)
class Summary:
    id: int
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str


class MailStore:
    """One connection, for one process: the SMTP server writes, the page reads."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        # Committed mail survives the process at every moment, and a power cut all but its last instant.
        self._connection.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + SCHEMA
        )

    def close(self) -> None:
        self._connection.close()

    def keep(self, sender: str, recipients: Sequence[str], raw: bytes) -> int:
        """Committed when it returns. `recipients` are the envelope's, whatever the header says. Raises OSError."""
        headers = BytesHeaderParser().parsebytes(raw.partition(b"\r\n\r\n")[0])
        row = (
            datetime.now(UTC).isoformat(),
            sender,
            readable(str(headers.get("From", ""))) or sender,
            readable(str(headers.get("Subject", ""))),
            raw,
        )
        try:
            return self._insert(row, {address.lower() for address in recipients})
        except sqlite3.OperationalError as error:
            raise OSError(f"The mailbox's file cannot be written: {error}") from error

    def _insert(self, row: tuple[str, str, str, str, bytes], recipients: set[str]) -> int:
        self._connection.execute("BEGIN IMMEDIATE")
        with self._connection:  # commits, or rolls back on an error
            number = self._connection.execute(INSERT, row).lastrowid or 0
            self._connection.executemany(
                "INSERT INTO recipients VALUES (?, ?)",
                [(address, number) for address in recipients],
            )
        return number

    def newest(
        self, *, to: str = "", part_of: str = "", before: int | None = None, limit: int = 50
    ) -> list[Summary]:
        """Newest first; `to` is a whole address, `part_of` any part of one, `before` an id."""
        where, values = _filter(to, part_of)
        if before is not None:
            where, values = [*where, "m.id < ?"], [*values, before]
        return self._summaries(where, [*values, limit])

    def count(self, *, to: str = "", part_of: str = "") -> int:
        where, values = _filter(to, part_of)
        sql = f"SELECT count(*) FROM messages m WHERE {' AND '.join(where)}"
        counted: int = self._connection.execute(sql, values).fetchone()[0]
        return counted

    def summary(self, number: int) -> Summary | None:
        found = self._summaries(["m.id = ?"], [number, 1])
        return found[0] if found else None

    def raw(self, number: int) -> bytes | None:
        row = self._connection.execute("SELECT raw FROM messages WHERE id = ?", [number]).fetchone()
        return bytes(row[0]) if row else None

    def _summaries(self, where: list[str], values: list[str | int]) -> list[Summary]:
        sql = f"SELECT {COLUMNS} FROM messages m WHERE {' AND '.join(where)} ORDER BY m.id DESC LIMIT ?"
        rows = self._connection.execute(sql, values).fetchall()
        return [
            Summary(number, datetime.fromisoformat(at), sender, self._recipients(number), subject)
            for number, at, sender, subject in rows
        ]

    def _recipients(self, number: int) -> tuple[str, ...]:
        sql = "SELECT address FROM recipients WHERE message_id = ? ORDER BY address"
        return tuple(address for (address,) in self._connection.execute(sql, [number]))


def _filter(to: str, part_of: str) -> tuple[list[str], list[str | int]]:
    where, values = ["true"], list[str | int]()
    if to:
        where.append("m.id IN (SELECT message_id FROM recipients WHERE address = ?)")
        values.append(to.lower())
    if part_of:
        where.append("m.id IN (SELECT message_id FROM recipients WHERE instr(address, ?) > 0)")
        values.append(part_of.lower())
    return where, values


def readable(header: str) -> str:
    """A header as people read it; one that is encoded wrongly is shown as it came."""
    unfolded = " ".join(header.split())
    try:
        return str(make_header(decode_header(unfolded)))
    except (HeaderParseError, LookupError, UnicodeError):
        return unfolded
