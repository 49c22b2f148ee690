"""Postal codes as people type them."""

import re
from dataclasses import dataclass
from typing import ClassVar

from hub.web.fields import Field, Refused, Text
from hub.web.i18n import gettext as _

_DIGITS = re.compile(r"[0-9 ]+")


@dataclass(frozen=True)
class PostalCode(Field):
    """Five digits; a blank among them does not matter."""

    max_length: ClassVar[int] = 10

    def parse(self, text: str) -> object:
        code = text.replace(" ", "")
        if not re.fullmatch("[0-9]{5}", code):
            raise Refused(_("A postal code has five digits."))
        return code


@dataclass(frozen=True)
class Where(Text):
    """The name of a municipality, or a postal code."""

    def parse(self, text: str) -> object:
        if digits := meant_in(text):
            return PostalCode().parse(digits)
        return super().parse(text)


def meant_in(typed: str) -> str:
    """The digits, where nothing but digits was typed; else nothing."""
    return typed.replace(" ", "") if _DIGITS.fullmatch(typed) else ""
