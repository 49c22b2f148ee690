"""What a cell's text says, and how a value is written into a cell: the same way back and forth.

Files are for people with a spreadsheet: Italian words, days and amounts, which English ones may stand in for.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

from stdnum.exceptions import ValidationError
from stdnum.it import iva

from hub.tenants.calls.applications.codes import IpaCode
from hub.tenants.organisation import hours
from hub.tenants.territory.build_data import fold
from hub.web import i18n
from hub.web.fields import (
    Date,
    Email,
    Field,
    Phone,
    Refused,
    read_cents,
    several_lines,
    single_line,
)
from hub.web.i18n import N_

MOST_CENTS = 100_000_000_00
MOST_PARTS = 50


class BadCell(Exception):
    """`code` has its sentence in `sentences.py`; `column` where another column is to blame."""

    def __init__(self, code: str, column: str | None = None) -> None:
        self.code, self.column = code, column
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Column:
    """`title` stands in the file; `english` is taken for it, too. `read` is only given a text that is not empty."""

    name: str
    title: str
    english: str
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str
    required: bool = False
    help: str = ""
    values: Mapping[str, str] | None = None
    """The values that may stand there, where they are few: code → msgid."""
    several_lines: bool = False


def text(longest: int) -> Callable[[str], str]:
    def read(typed: str) -> str:
        clean = typed if typed.isascii() and typed.isprintable() else _cleaned(typed)
        clean = " ".join(clean.split())
        if len(clean) > longest:
            raise BadCell("too_long")
        return clean

    return read


def lines(longest: int) -> Callable[[str], str]:
    """Several of them, for what the forms' larger fields hold."""

    def read(typed: str) -> str:
        try:
            whole = several_lines(typed)
        except Refused:
            raise BadCell("characters") from None
        clean = "\n".join(" ".join(line.split()) for line in whole.splitlines()).strip()
        if len(clean) > longest:
            raise BadCell("too_long")
        return clean

    return read


def _cleaned(typed: str) -> str:
    try:
        return single_line(typed)
    except Refused:
        raise BadCell("characters") from None


def _by(field: Field, code: str) -> Callable[[str], Any]:
    """As the forms read it, with a code of ours where they refuse."""

    def read(typed: str) -> Any:
        try:
            return field.parse(_cleaned(typed))
        except Refused:
            raise BadCell(code) from None

    return read


email = _by(Email(), "email")
phone = _by(Phone(), "phone")
ipa_code = _by(IpaCode(), "ipa_code")
_day = _by(Date(), "date")


def day(typed: str) -> date:
    found: date = _day(typed.partition("T")[0])
    return found


def fiscal_code(typed: str) -> str:
    """Spreadsheets drop the zeros at the beginning of what they take for a number; the check digit proves them."""
    code = re.sub(r"[\s.-]", "", typed).removeprefix("IT")
    if re.fullmatch(r"[0-9]{6,11}", code):
        code = code.zfill(11)
        try:
            found: str = iva.validate(code)
        except ValidationError:
            raise BadCell("fiscal_code") from None
        return found
    raise BadCell("fiscal_code")


def identifier(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise BadCell("identifier") from None


def reference(typed: str) -> str:
    """Which organisation: fiscal code, IPA code or the hub's identifier, by what it looks like."""
    compact = re.sub(r"\s", "", typed)
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", compact):
        return compact.lower()
    if re.fullmatch(r"(IT)?[0-9.]{6,}", compact):
        return fiscal_code(compact)
    try:
        found: str = ipa_code(compact)
    except BadCell:
        raise BadCell("reference") from None
    return found


def postal_code(typed: str) -> str:
    code = re.sub(r"\s", "", typed)
    if not re.fullmatch(r"[0-9]{3,5}", code):
        raise BadCell("postal_code")
    return code.zfill(5)


def istat_code(typed: str) -> str:
    code = re.sub(r"\s", "", typed)
    if not re.fullmatch(r"[0-9]{4,6}", code):
        raise BadCell("istat_code")
    return code.zfill(6)


def province(typed: str) -> str:
    sign = typed.strip(" ()").upper()
    if not re.fullmatch(r"[A-Z]{2}", sign):
        raise BadCell("province")
    return sign


def website(typed: str) -> str:
    found = text(200)(typed)
    if not re.fullmatch(r"https?://[^\s/]+\.[^\s]+", found):
        raise BadCell("website")
    return found


def cents(typed: str) -> int:
    """Italian marks; a point before one or two last digits is a number's own."""
    compact = re.sub(r"[\s€]|EUR", "", typed, flags=re.IGNORECASE)
    found = read_cents(compact, ",")
    if found is None or found > MOST_CENTS:
        raise BadCell("amount")
    return found


def amount(value: int) -> str:
    return f"{value // 100},{value % 100:02}"


def number(least: int, most: int) -> Callable[[str], int]:
    def read(typed: str) -> int:
        if not re.fullmatch(r"\+?[0-9]{1,12}", typed):
            raise BadCell("number")
        if not least <= int(typed) <= most:
            raise BadCell("number_range")
        return int(typed)

    return read


def written_day(value: date) -> str:
    return f"{value:%d/%m/%Y}"


def day_hours(weekday: int) -> Callable[[str], hours.Hours]:
    def read(typed: str) -> hours.Hours:
        try:
            return hours.parse_day(weekday, typed)
        except Refused:
            raise BadCell("hours") from None

    return read


def written_hours(spans: hours.Hours) -> str:
    def clock(moment: time) -> str:
        return f"{moment.hour}:{moment.minute:02}"

    return ", ".join(f"{clock(opens)}-{clock(closes)}" for _day, opens, closes in spans)


class Vocabulary:
    """Codes that stand in files in Italian; read in Italian, in English, as they are, or as people call them."""

    def __init__(self, words: Mapping[str, str], also: Mapping[str, str] | None = None) -> None:
        """`also` is what people write instead: word → code."""
        self.words = words
        self._also = also or {}
        self._codes: dict[str, str] = {}
        self._titles: dict[str, str] = {}

    def _load(self) -> None:
        """Late: the catalogues are read when they are first asked for."""
        italian = i18n.catalogue("it")
        self._codes = {fold(word): code for word, code in self._also.items()}
        for code, msgid in self.words.items():
            self._titles[code] = italian.gettext(msgid)
            for known in (code, msgid, self._titles[code]):
                self._codes[fold(known)] = code

    def read(self, typed: str) -> str:
        if not self._codes:
            self._load()
        found = self._codes.get(fold(typed))
        if found is None:
            raise BadCell("choice")
        return found

    def write(self, code: str) -> str:
        if not self._codes:
            self._load()
        return self._titles.get(code, code)


def several(read: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
    """Each once, as they were written, parted by `;`, or by `,` where a part is no value by itself."""

    def read_part(part: str) -> list[str]:
        try:
            return [read(part)]
        except BadCell:
            parts = [each.strip() for each in part.split(",")]
            if len(parts) == 1:
                raise
            return [read(each) for each in parts if each]

    def read_all(typed: str) -> tuple[str, ...]:
        parts = [part.strip() for part in re.split(r"[;\n|]", typed)]
        return tuple(dict.fromkeys(found for part in parts if part for found in read_part(part)))

    return read_all


def parts(typed: str) -> tuple[str, ...]:
    """What stands between the semicolons, as it is; at most as many as a person can be limited to."""
    found = tuple(part.strip() for part in _cleaned(typed).split(";") if part.strip())
    if len(found) > MOST_PARTS:
        raise BadCell("too_long")
    return found


def joined(write: Callable[[str], str] = str) -> Callable[[Sequence[str]], str]:
    def write_all(values: Sequence[str]) -> str:
        return "; ".join(write(value) for value in values)

    return write_all


# Where something is: by the name and the province's sign, or by ISTAT's code alone.
PLACE = (
    Column("municipality", "Comune", "Municipality", text(120)),
    Column("province", "Provincia", "Province", province, help=N_("Two letters, such as NA.")),
    Column(
        "istat_code",
        "Codice ISTAT del comune",
        "ISTAT code",
        istat_code,
        help=N_("6 digits. It may stand instead of the municipality's name and province."),
    ),
)
PLACED = tuple(column.name for column in PLACE)
