"""A form that the back button brought back, filled in anew: its key stands for what was sent first."""

from typing import TypeVar
from uuid import uuid4

import msgspec

from hub.web.forms import Form
from hub.web.i18n import gettext as _

Struct = TypeVar("Struct", bound=msgspec.Struct)


def given_back(form: Form[Struct]) -> Form[Struct]:
    """What was typed, under a key of its own, so that sending it again does what it says."""
    form.key = uuid4()
    form.refuse(
        None,
        _(
            "This form was sent before with other content, which was saved. What you see here was not: send it again if you want it as well."
        ),
    )
    return form
