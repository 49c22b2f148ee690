"""Building messages and handing them to the relay; used by every domain.

`use_relay(settings)` once a process, then `await send(to=…, subject=…, text=…)` from a worker's task, and
`await close_lane()` at its end.
"""

from hub.mail.letters import letter
from hub.mail.messages import Attachment
from hub.mail.relay import base_url, current_relay, use_relay
from hub.mail.transactional import NotSent, close_lane, send

__all__ = [
    "Attachment",
    "NotSent",
    "base_url",
    "close_lane",
    "current_relay",
    "letter",
    "send",
    "use_relay",
]
