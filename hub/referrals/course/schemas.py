"""What the forms on a case's page ask for."""

from datetime import date
from typing import Annotated

import msgspec

from hub.referrals.labels import CHANNELS, MILESTONES, TOPICS
from hub.web.fields import Choice, Choices, Date, Integer, Textarea
from hub.web.i18n import N_


class RecordConsultation(msgspec.Struct):
    held_on: Annotated[date, Date(N_("Date"), past=True)]
    channel: Annotated[str, Choice(N_("How"), options=CHANNELS)]
    minutes: Annotated[int | None, Integer(N_("Minutes"), minimum=1, maximum=600)] = None
    topics: Annotated[list[str], Choices(N_("Topics"), options=TOPICS)] = []
    notes: Annotated[
        str,
        Textarea(N_("Notes"), N_("Only your organisation reads them. They are never passed on.")),
    ] = ""


class RecordMilestone(msgspec.Struct):
    kind: Annotated[
        str,
        Choice(
            N_("What happened"),
            options={name: MILESTONES[name] for name in ("approved", "disbursed", "closed")},
        ),
    ]
    reached_on: Annotated[
        date,
        Date(N_("On"), N_("The day on which it happened, as reported to you."), past=True),
    ]
