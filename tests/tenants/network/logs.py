"""What a log's page tells, as its reader sees it."""

from __future__ import annotations

import re
from html import unescape

from hub.tenants.network import stories
from hub.web.i18n import reading_in

_MOMENT = re.compile(
    r'<p class="hub-moment-title">(.*?)</p>\s*<p class="hub-moment-when"><time[^>]*>[^<]*</time>(.*?)</p>',
    re.DOTALL,
)
_TAG = re.compile(r"<[^>]+>")


def told_in(page: str) -> list[tuple[str, str]]:
    """Sentence and who, the latest first."""
    return [
        (unescape(_TAG.sub("", title)), unescape(by).removeprefix(" · "))
        for title, by in _MOMENT.findall(page)
    ]


def said(action: str, **codes: object) -> str:
    """In Italian."""
    with reading_in("it"):
        return stories.sentence(action, codes)
