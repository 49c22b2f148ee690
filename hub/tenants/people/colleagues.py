"""A letter to somebody who belongs to an organisation, or to its office: made once it is known in which language."""

from collections.abc import Callable, Sequence
from uuid import UUID

from hub.db import network_transaction
from hub.outbox import Job
from hub.tenants.people import passages
from hub.tenants.people.letters import write
from hub.tenants.people.passages import Reader
from hub.web.i18n import reading_in

# Subject, paragraphs, and the button: its words and a path.
Letter = tuple[str, Sequence[str], tuple[str, str]]


async def write_colleague(job: Job, membership_id: UUID, letter: Callable[[], Letter]) -> None:
    """Nothing to whoever has left."""
    async with network_transaction() as scope:
        reader = await passages.reader(scope, membership_id)
    if reader:
        await write_reader(job, reader, letter)


async def write_reader(job: Job, reader: Reader, letter: Callable[[], Letter]) -> None:
    with reading_in(reader.locale):
        await write(job, reader, *letter())
