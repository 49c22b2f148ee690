"""What a peer is asked to do: `python -m bench.peers.PEER TASK.json`, whose answer is its messages a second."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

PLACEHOLDER = re.compile(r"\{(\w+)(?:\|[^{}]*)?\}")


@dataclass(frozen=True)
class Task:
    subject: str
    text: str
    """With `{name|friend}` and `{unsubscribe_url}`, as the hub keeps it; so the HTML."""
    html: str
    sender: str
    recipients: int
    port: int
    database: str
    """Address of an empty PostgreSQL database, or of one this peer has used before."""

    def values(self, number: int) -> dict[str, str]:
        name = ("Niccolò Rossi", "Chiara Bianchi", "Zoë Esposito", "Andrea De Luca")[number % 4]
        token = f"{number:08x}" * 8
        url = f"https://hub.example.org/unsubscribe/{token}"
        return {"name": name, "unsubscribe_url": url}

    def headers(self, number: int) -> dict[str, str]:
        """As many as the hub writes."""
        return {
            "List-Id": "<newsletter.ente.hub.example.org>",
            "List-Unsubscribe": f"<{self.values(number)['unsubscribe_url']}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Feedback-ID": "campagna:ente:newsletter:microwork-hub",
            "Precedence": "bulk",
        }


def the_task() -> Task:
    return Task(**json.loads(Path(sys.argv[1]).read_text()))


def address(number: int) -> str:
    return f"lettore{number}@example.org"
