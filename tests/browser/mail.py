"""What arrived in the local mailbox, by its JSON."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from typing import Any

import httpx

PATIENCE = 45.0


@dataclass(frozen=True, slots=True)
class Message:
    number: int
    headers: dict[str, str]
    text: str
    attachments: tuple[bytes, ...] = ()

    @property
    def unsubscribe_url(self) -> str:
        return self.headers["list-unsubscribe"].strip("<> ")


class Mailbox:
    def __init__(self, address: str) -> None:
        self.address = address

    def addresses(self, subject: str) -> list[str]:
        """Who got a message with this subject, once for each message."""
        items = self._get("/messages.json", limit=10_000)["items"]
        return sorted(
            address for item in items if item["subject"] == subject for address in item["to"]
        )

    def newest_to(self, address: str, subject: str) -> Message:
        """Waits for it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for item in self._get("/messages.json", to=address)["items"]:
                if re.fullmatch(subject, item["subject"]):
                    return self._message(item["id"])
            time.sleep(0.1)
        raise AssertionError(f"no message {subject!r} came to {address}")

    def _message(self, number: int) -> Message:
        found = self._get(f"/messages/{number}/message.json")
        headers = {name.lower(): value for name, value in found["headers"]}
        return Message(number, headers, found["text"], self._attachments(number))

    def _attachments(self, number: int) -> tuple[bytes, ...]:
        source = httpx.get(f"{self.address}/messages/{number}/message.eml", trust_env=False)
        message = message_from_bytes(source.raise_for_status().content, policy=default)
        return tuple(part.get_content() for part in message.iter_attachments())

    def _get(self, path: str, **parameters: Any) -> Any:
        answer = httpx.get(self.address + path, params=parameters, trust_env=False)
        return answer.raise_for_status().json()
