from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from hub import clock
from hub.web import i18n
from hub.web.fields import (
    CodiceFiscale,
    Date,
    Email,
    Field,
    Integer,
    LocalMoment,
    Money,
    Password,
    Phone,
    Refused,
    Text,
    Textarea,
)
from hub.web.formats import ROME


def typed(field: Field, text: str) -> object:
    return field.parse(field.clean(text))


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("25000", 25_000_00),
        ("25.000", 25_000_00),
        ("25.000,00", 25_000_00),
        ("25000,5", 25_000_50),
        ("1.234.567,89", 1_234_567_89),
        ("€ 25.000,00", 25_000_00),
        ("25 000 EUR", 25_000_00),
        ("25.000,00\N{NO-BREAK SPACE}€", 25_000_00),
        ("25.50", 25_50),
        ("0,01", 1),
    ],
)
def test_italian_amounts(text: str, cents: int) -> None:
    assert typed(Money(), text) == cents


@pytest.mark.parametrize(
    "text",
    ["25,000", "2.50.000", "1,2,3", "-5", "1e5", "venti", ",50", "25.0000", "٢٥", "25.000.5"],
)
def test_no_amount_is_guessed(text: str) -> None:
    with pytest.raises(Refused, match=r"25\.000,00"):
        typed(Money(), text)


def test_english_amounts() -> None:
    with i18n.reading_in("en"):
        assert typed(Money(), "25,000.00") == 25_000_00
        assert typed(Money(), "25,000") == 25_000_00
        with pytest.raises(Refused, match=r"25,000\.00"):
            typed(Money(), "25.000")


def test_amounts_have_bounds() -> None:
    with pytest.raises(Refused, match="almeno € 100,00".replace(" 100", "\N{NO-BREAK SPACE}100")):
        typed(Money(minimum=100_00), "99,99")
    with pytest.raises(Refused, match="al massimo"):
        typed(Money(maximum=100), "1,01")


def test_an_amount_shown_can_be_read_again() -> None:
    assert typed(Money(), Money().show(1_234_567_89)[0]) == 1_234_567_89


@pytest.mark.parametrize("text", ["2026-11-01", "1/11/2026", "01.11.2026", " 01-11-2026 "])
def test_dates(text: str) -> None:
    assert typed(Date(), text) == date(2026, 11, 1)


@pytest.mark.parametrize("text", ["31/02/2026", "2026-13-01", "oggi", "1/11/26", "0000-01-01"])
def test_days_that_do_not_exist(text: str) -> None:
    with pytest.raises(Refused):
        typed(Date(), text)


def test_past_and_future_are_those_of_rome() -> None:
    today = clock.now().astimezone(ROME).date()
    tomorrow = (today + timedelta(days=1)).isoformat()
    assert typed(Date(past=True), today.isoformat()) == today
    with pytest.raises(Refused, match="futuro"):
        typed(Date(past=True), tomorrow)
    assert typed(Date(future=True), today.isoformat()) == today
    with pytest.raises(Refused, match="successiva"):
        typed(Date(future=True), (today - timedelta(days=1)).isoformat())
    with pytest.raises(Refused, match="1900"):
        typed(Date(), "31/12/1899")


def test_codici_fiscali() -> None:
    assert typed(CodiceFiscale(), " rss mra 85t10 a562s ") == "RSSMRA85T10A562S"
    with pytest.raises(Refused, match="16"):
        typed(CodiceFiscale(), "RSSMRA85T10A562")
    with pytest.raises(Refused, match="non è valido"):
        typed(CodiceFiscale(), "RSSMRA85T10A562X")


@pytest.mark.parametrize("text", ["Anna.Rossi@Example.ORG", "a+b@x.it", "o'neil@sub.comune.na.it"])
def test_addresses(text: str) -> None:
    assert typed(Email(), text) == text.lower()


@pytest.mark.parametrize(
    "text",
    [
        *("anna", "a@b", "a@@b.it", ".a@b.it", "a..b@c.it", "a b@c.it", "à@b.it", "<a@b.it>"),
        *(
            "a@b.it\nBcc: x@y.it",
            "a@b.it,c@d.it",
            "a@-b.it",
            "a" * 65 + "@b.it",
            f"a@{'b' * 64}.it",
        ),
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(Refused):
        typed(Email(), text)


def test_numbers_and_telephones() -> None:
    assert typed(Phone(), "+39 (0971) 12.34-56") == "+390971123456"
    assert typed(Phone(), "060606") == "060606"
    assert typed(Phone(), "+41 91 1234567") == "+41911234567"
    assert typed(Integer(), "12") == 12
    for field, text in (
        (Phone(), "chiamami"),
        (Phone(), "123"),
        (Phone(), "0521 1"),
        (Phone(), "+39 0521"),
        (Integer(), "1,5"),
        (Integer(), "-1"),
    ):
        with pytest.raises(Refused):
            typed(field, text)
    with pytest.raises(Refused):
        typed(Integer(), "9" * 400)


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\udcffb", "\ud800"])
@pytest.mark.parametrize("field", [Text(), Textarea(), Password()])
def test_what_cannot_be_stored_is_refused(field: Field, text: str) -> None:
    with pytest.raises(Refused, match="non sono leggibili"):
        typed(field, text)


def test_texts_are_tidied() -> None:
    assert typed(Text(), "  Maria \r\n  Rossi ") == "Maria Rossi"
    assert typed(Text(), "Jose\N{COMBINING ACUTE ACCENT}") == "José"
    assert typed(Textarea(), " uno\r\ndue\rtre\n ") == "uno\ndue\ntre"
    assert typed(Password(), "  due  spazi ") == "  due  spazi "
    with pytest.raises(Refused, match=r"al massimo 3 .* 4"):
        typed(Text(max_length=3), "abcd")
    with pytest.raises(Refused, match="almeno 2"):
        typed(Text(min_length=2), "a")


def test_what_turns_text_round_is_left_out() -> None:
    assert Text().clean("Ros\u202esi \u2066Anna\u2069") == "Rossi Anna"
    assert Textarea().clean("a\u202bb\nc") == "ab\nc"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2027-01-10T09:00", datetime(2027, 1, 10, 8, 0, tzinfo=UTC)),
        ("2027-07-10T09:00", datetime(2027, 7, 10, 7, 0, tzinfo=UTC)),
        ("2027-07-10T09:00:00", datetime(2027, 7, 10, 7, 0, tzinfo=UTC)),
        ("10/7/2027 9:00", datetime(2027, 7, 10, 7, 0, tzinfo=UTC)),
        ("10.07.2027, 9.05", datetime(2027, 7, 10, 7, 5, tzinfo=UTC)),
        # Around the night in which the clocks go on, and that in which they go back.
        ("2027-03-28T01:59", datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
        ("2027-03-28T03:00", datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        ("2026-10-25T01:59", datetime(2026, 10, 24, 23, 59, tzinfo=UTC)),
        ("2026-10-25T03:00", datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
    ],
)
def test_moments_of_rome(text: str, instant: datetime) -> None:
    moment = typed(LocalMoment(), text)
    assert moment == instant
    assert typed(LocalMoment(), LocalMoment().show(moment)[0]) == instant


@pytest.mark.parametrize("text", ["2027-03-28T02:00", "2027-03-28T02:59", "28/03/2027 2:30"])
def test_a_time_that_the_clocks_leave_out(text: str) -> None:
    with pytest.raises(Refused, match="02:00"):
        typed(LocalMoment(), text)


@pytest.mark.parametrize("text", ["2026-10-25T02:00", "2026-10-25T02:59"])
def test_a_time_that_comes_twice(text: str) -> None:
    with pytest.raises(Refused, match="due volte"):
        typed(LocalMoment(), text)


@pytest.mark.parametrize(
    "text",
    [
        "domani",
        "2027-01-10",
        "09:00",
        "2027-02-30T09:00",
        "2027-01-10T24:00",
        "2027-01-10T09:60",
        "2027-01-10T09:00Z",
        "2027-01-10T09:00+02:00",
        "1800-01-01T09:00",
        "2027-01-10T٠٩:00",
    ],
)
def test_no_moment_is_guessed(text: str) -> None:
    with pytest.raises(Refused):
        typed(LocalMoment(), text)
