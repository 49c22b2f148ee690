"""A letter to one person of an organisation, with a button to where something is to be done."""

from collections.abc import Sequence

from hub import mail
from hub.outbox import Job
from hub.tenants.people.passages import Reader


async def write(
    job: Job, reader: Reader, subject: str, paragraphs: Sequence[str], button: tuple[str, str]
) -> None:
    """In the language of `reading_in`. The button is its words and a path."""
    label, path = button
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
