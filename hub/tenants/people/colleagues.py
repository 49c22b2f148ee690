"""A letter to somebody who belongs to an organisation, or to its office: made once it is known in which language."""

from collections.abc import Callable, Sequence
from uuid import UUID

from hub import mail
from hub.db import network_transaction
from hub.outbox import Job
from hub.tenants.people import readers
from hub.tenants.people.readers import Reader
from hub.web.i18n import reading_in

# Subject, paragraphs, and the button: its words and a path.
Letter = tuple[str, Sequence[str], tuple[str, str]]


async def write_colleague(job: Job, membership_id: UUID, letter: Callable[[], Letter]) -> None:
    """Nothing to whoever has left."""
    async with network_transaction() as scope:
        reader = await readers.reader(scope, membership_id)
    if reader:
        await write_reader(job, reader, letter)


async def write_reader(job: Job, reader: Reader, letter: Callable[[], Letter]) -> None:
    with reading_in(reader.locale):
        subject, paragraphs, (label, path) = letter()
        body = mail.letter(
            title=subject, paragraphs=paragraphs, button=(label, f"{mail.base_url()}{path}")
        )
        await mail.send(
            to=reader.email,
            name=reader.name,
            subject=subject,
            text=body.text,
            html=body.html,
            key=job.id,
        )
