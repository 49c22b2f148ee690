from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from hub.web.fields import Email, Text, Textarea
from hub.web.i18n import N_

QuestionState = Literal["open", "published", "set_aside"]

QUESTION_STATES: dict[QuestionState, str] = {
    "open": N_("Waiting for an answer"),
    "published": N_("Answered"),
    "set_aside": N_("Set aside"),
}


class Question(msgspec.Struct, frozen=True):
    """`email` is there until it is answered, where the asker left one."""

    id: UUID
    call_id: UUID
    asked_at: datetime
    question: str
    state: QuestionState
    answer: str | None
    answered_at: datetime | None
    email: str | None
    locale: str


class AskQuestion(msgspec.Struct, frozen=True):
    """`website` is hidden from people: only programs that fill in whatever they find say something there."""

    question: Annotated[
        str,
        Textarea(
            N_("Your question"),
            N_("It is published with its answer: please write no names and no personal data."),
            min_length=10,
            max_length=2000,
        ),
    ]
    email: Annotated[
        str | None,
        Email(
            N_("E-mail address"),
            N_("Only to tell you of the answer; it is deleted afterwards and never published."),
        ),
    ] = None
    website: Annotated[str, Text(N_("Leave this field empty"))] = ""


class AnswerQuestion(msgspec.Struct, frozen=True):
    question: Annotated[
        str,
        Textarea(
            N_("The question, as it is published"),
            N_("Take out names and whatever else could tell who asked."),
            max_length=2000,
        ),
    ]
    answer: Annotated[
        str,
        Textarea(N_("The answer"), N_("Markdown, as in the text of the call."), max_length=5000),
    ]
