"""The fields a form can have. Each turns what was typed into a value, or refuses it in the reader's language.

A field is given in the form's struct: `birth_date: Annotated[date, Date(N_("Date of birth"), past=True)]`.
"""

import re
import unicodedata
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import ClassVar

from codicefiscale import codicefiscale

from hub import clock
from hub.web import i18n
from hub.web.formats import ROME, format_date, format_money, format_number
from hub.web.i18n import N_
from hub.web.i18n import gettext as _


class Refused(ValueError):
    """What was typed cannot be taken; the message is for the reader and does not repeat the value."""


@dataclass(frozen=True)
class Field(ABC):
    label: str = ""
    help: str = ""
    kind: ClassVar[str] = "text"
    multiple: ClassVar[bool] = False
    echoed: ClassVar[bool] = True
    """Whether a refused form shows again what was typed."""
    missing: ClassVar[str] = N_("Fill in this field.")

    def clean(self, typed: str) -> str:
        """The text without what nobody meant to type. Raises Refused for what no text may hold."""
        return single_line(typed)

    @abstractmethod
    def parse(self, text: str) -> object:
        """The value. Raises Refused."""

    def show(self, value: object) -> list[str]:
        """The value as it would have been typed."""
        return [str(value)]


@dataclass(frozen=True)
class Text(Field):
    max_length: int = 200
    min_length: int = 0

    def parse(self, text: str) -> object:
        if len(text) > self.max_length:
            raise Refused(
                _(
                    "Use at most %(max)s characters; there are %(count)s.",
                    max=self.max_length,
                    count=len(text),
                )
            )
        if len(text) < self.min_length:
            raise Refused(_("Use at least %(min)s characters.", min=self.min_length))
        return text


@dataclass(frozen=True)
class Textarea(Text):
    max_length: int = 4000
    kind: ClassVar[str] = "textarea"

    def clean(self, typed: str) -> str:
        return several_lines(typed).strip()


@dataclass(frozen=True)
class Password(Text):
    """Taken as it was typed, spaces included, and never shown again."""

    max_length: int = 256
    kind: ClassVar[str] = "password"
    echoed: ClassVar[bool] = False

    def clean(self, typed: str) -> str:
        refuse_unstorable(typed)
        return unicodedata.normalize("NFC", typed)


@dataclass(frozen=True)
class Email(Field):
    """In lower case. The pattern is the web's own (HTML, "valid e-mail address") with a dot asked of the domain."""

    kind: ClassVar[str] = "email"
    max_length: ClassVar[int] = 254
    _PATTERN: ClassVar[re.Pattern[str]] = re.compile(
        r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
        r"@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])"
    )

    def parse(self, text: str) -> object:
        address = text.lower()
        local = address.partition("@")[0]
        if (
            len(address) > self.max_length
            or len(local) > 64
            or not self._PATTERN.fullmatch(address)
        ):
            raise Refused(_("Enter an e-mail address such as name@example.org."))
        return address


@dataclass(frozen=True)
class Phone(Field):
    kind: ClassVar[str] = "tel"
    max_length: ClassVar[int] = 30
    # An Italian number that begins with 0 has six digits at least, with its prefix; some others have five.
    _NUMBER: ClassVar[re.Pattern[str]] = re.compile(
        r"\+39[0-9]{6,13}|\+(?!39)[0-9]{5,15}|0[0-9]{5,14}|[1-9][0-9]{4,14}"
    )

    def parse(self, text: str) -> object:
        compact = re.sub(r"[\s./()-]", "", text)
        if not self._NUMBER.fullmatch(compact):
            raise Refused(_("Enter a telephone number such as 0971 123456 or +39 320 1234567."))
        return compact


@dataclass(frozen=True)
class Date(Field):
    """As the browser's date picker sends it (2026-11-22), or as people write it (22/11/2026)."""

    past: bool = False
    """Today at the latest."""
    future: bool = False
    """Today at the earliest."""
    earliest: date = date(1900, 1, 1)
    kind: ClassVar[str] = "date"
    _ISO: ClassVar[re.Pattern[str]] = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
    _WRITTEN: ClassVar[re.Pattern[str]] = re.compile(
        r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})"
    )

    def parse(self, text: str) -> object:
        day = self._read(text)
        today = clock.now().astimezone(ROME).date()
        earliest = max(self.earliest, today) if self.future else self.earliest
        if day < earliest:
            raise Refused(_("Enter a date from %(day)s on.", day=format_date(earliest)))
        if self.past and day > today:
            raise Refused(_("This date is in the future."))
        return day

    def _read(self, text: str) -> date:
        if found := self._ISO.fullmatch(text):
            numbers = [int(part) for part in found.groups()]
        elif found := self._WRITTEN.fullmatch(text):
            numbers = [int(part) for part in reversed(found.groups())]
        else:
            raise Refused(_("Enter a date such as 22/11/2026."))
        try:
            return date(*numbers)
        except ValueError:
            raise Refused(_("This day does not exist.")) from None


@dataclass(frozen=True)
class LocalMoment(Field):
    """An instant, typed as day and time of Rome: as the browser sends it (2026-11-22T09:30), or 22/11/2026 9:30.

    A time that the clocks leave out in March, or show twice in October, names no one instant and is refused.
    """

    kind: ClassVar[str] = "datetime-local"
    _TYPED: ClassVar[re.Pattern[str]] = re.compile(
        r"(?P<day>[0-9/.-]+)(?:T|,? )(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})(?::00)?"
    )

    def parse(self, text: str) -> object:
        found = self._TYPED.fullmatch(text)
        if found is None:
            raise Refused(_("Enter day and time, such as 22/11/2026 09:30."))
        day = Date().parse(found["day"])
        hour, minute = int(found["hour"]), int(found["minute"])
        if not isinstance(day, date) or hour > 23 or minute > 59:
            raise Refused(_("This time does not exist: enter one from 00:00 to 23:59."))
        return self._instant(datetime.combine(day, time(hour, minute)))

    def _instant(self, local: datetime) -> datetime:
        first, second = (local.replace(tzinfo=ROME, fold=fold).astimezone(UTC) for fold in (0, 1))
        if first.astimezone(ROME).replace(tzinfo=None) != local:
            raise Refused(
                _("This time does not exist: that night the clocks go on from 02:00 to 03:00.")
            )
        if first != second:
            raise Refused(
                _(
                    "That night the clocks show this time twice. Choose one outside of 02:00 to 03:00."
                )
            )
        return first

    def show(self, value: object) -> list[str]:
        if isinstance(value, datetime):
            return [f"{value.astimezone(ROME):%Y-%m-%dT%H:%M}"]
        return super().show(value)


@dataclass(frozen=True)
class Integer(Field):
    minimum: int = 0
    maximum: int = 1_000_000_000
    kind: ClassVar[str] = "number"

    def parse(self, text: str) -> object:
        if not re.fullmatch(r"[+-]?[0-9]{1,15}", text):
            raise Refused(_("Enter a whole number."))
        return in_range(int(text), self.minimum, self.maximum, format_number)


@dataclass(frozen=True)
class Money(Field):
    """Integer cents. `25.000,00` and `25000` are the same in Italian; `25,000.00` is what English readers write."""

    minimum: int = 0
    maximum: int = 100_000_000_00
    kind: ClassVar[str] = "money"

    def parse(self, text: str) -> object:
        compact = re.sub(r"[\s€]|EUR", "", text, flags=re.IGNORECASE)
        mark = "." if i18n.locale() == "en" else ","
        cents = read_cents(compact, mark)
        if cents is None:
            raise Refused(_("Enter an amount such as %(example)s.", example=amount_only(25_000_00)))
        return in_range(cents, self.minimum, self.maximum, format_money)

    def show(self, value: object) -> list[str]:
        return [amount_only(value)] if isinstance(value, int) else super().show(value)


@dataclass(frozen=True)
class CodiceFiscale(Field):
    """In capitals, with its check character right; codes with letters put for digits (omocodia) included."""

    kind: ClassVar[str] = "codice_fiscale"
    max_length: ClassVar[int] = 32

    def parse(self, text: str) -> object:
        code = re.sub(r"[\s-]", "", text).upper()
        if not re.fullmatch(r"[A-Z0-9]{16}", code):
            raise Refused(_("A codice fiscale has 16 letters and digits."))
        if not codicefiscale.is_valid(code):
            raise Refused(_("This codice fiscale is not valid. Please check each character."))
        return code


@dataclass(frozen=True)
class Identifier(Field):
    """The id of a row; whether it exists and may be seen is for a query to say."""

    kind: ClassVar[str] = "hidden"

    def parse(self, text: str) -> object:
        try:
            return uuid.UUID(text)
        except ValueError:
            raise Refused(_("Choose one of the options.")) from None


@dataclass(frozen=True)
class Choice(Field):
    """One of `options` (value to msgid), or of the choices that the handler gives when it reads the form."""

    options: Mapping[str, str] = field(default_factory=dict)
    kind: ClassVar[str] = "choice"
    missing: ClassVar[str] = N_("Choose one of the options.")

    def parse(self, text: str) -> object:
        return text


@dataclass(frozen=True)
class Choices(Choice):
    """Any number of the options."""

    multiple: ClassVar[bool] = True
    missing: ClassVar[str] = N_("Choose at least one of the options.")

    def show(self, value: object) -> list[str]:
        return [str(part) for part in value] if isinstance(value, Iterable) else super().show(value)


@dataclass(frozen=True)
class Checkbox(Field):
    """A single tick: True or False. `required` asks for it, as a consent does."""

    required: bool = False
    kind: ClassVar[str] = "checkbox"
    missing: ClassVar[str] = N_("Tick this box to go on.")

    def parse(self, text: str) -> object:
        return bool(text)

    def show(self, value: object) -> list[str]:
        return ["yes"] if value else []


def refuse_unstorable(text: str) -> None:
    """Refuse control characters and halves of characters, which PostgreSQL does not take or no one can read."""
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t":
            raise Refused(_("Some characters cannot be read. Please type the text again."))


def single_line(typed: str) -> str:
    return " ".join(several_lines(typed).split())


# They turn round what stands behind them, in a name on somebody else's page too; they come along when text is copied.
_DIRECTIONS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def several_lines(typed: str) -> str:
    text = typed.replace("\r\n", "\n").replace("\r", "\n").translate(_DIRECTIONS)
    refuse_unstorable(text)
    return unicodedata.normalize("NFC", text)


def amount_only(cents: int) -> str:
    """Money without its sign, which stands beside the field."""
    return format_money(cents).replace("€", "").strip()


def in_range(value: int, minimum: int, maximum: int, show: Callable[[int], str]) -> int:
    if value < minimum:
        raise Refused(_("Enter %(least)s or more.", least=show(minimum)))
    if value > maximum:
        raise Refused(_("Enter %(most)s or less.", most=show(maximum)))
    return value


def read_cents(text: str, mark: str) -> int | None:
    """Cents, or None if it is not an amount. `mark` stands before the cents, its counterpart between thousands.

    A counterpart before exactly one or two last digits is taken as the decimal key of a number pad; three digits
    behind the mark are refused, since they may mean either.
    """
    other = "." if mark == "," else ","
    grouped, plain = rf"[0-9]{{1,3}}(?:{re.escape(other)}[0-9]{{3}})+", r"[0-9]{1,12}"
    if found := re.fullmatch(rf"({grouped}|{plain})(?:{re.escape(mark)}([0-9]{{1,2}}))?", text):
        whole, cents = found.groups(default="")
    elif found := re.fullmatch(rf"({plain}){re.escape(other)}([0-9]{{1,2}})", text):
        whole, cents = found.groups()
    else:
        return None
    return int(whole.replace(other, "")) * 100 + int(cents.ljust(2, "0") or 0)
