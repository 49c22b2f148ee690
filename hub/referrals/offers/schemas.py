"""What the desk is asked for when it sends a case."""

from typing import Annotated
from uuid import UUID

import msgspec

from hub.referrals.labels import BASES, PURPOSES
from hub.referrals.offers.disclosure import FIELDS
from hub.web.fields import Checkbox, Choice, Choices, Text
from hub.web.i18n import N_


class DraftReferral(msgspec.Struct, kw_only=True):
    receivers: Annotated[list[UUID], Choices(N_("Lenders"))]
    fields: Annotated[
        list[str],
        Choices(
            N_("What they will be shown"),
            N_(
                "Choose no more than they need to answer. Kind, amount and region are always shown."
            ),
            options=FIELDS,
        ),
    ]
    purpose: Annotated[str, Choice(N_("Purpose of passing it on"), options=PURPOSES)]
    basis: Annotated[str, Choice(N_("Legal basis"), options=BASES)]
    notice_version: Annotated[str, Text(max_length=40)]
    notice_given: Annotated[
        bool, Checkbox(N_("The citizen has received this privacy notice"), required=True)
    ]
