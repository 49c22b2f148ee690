"""Chance that repeats itself: the same for the same words, on every machine."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID


def chance(*words: object) -> Random:
    return Random(" ".join(map(str, words)))  # noqa: S311 - not for secrets; it must repeat itself


def id_at(luck: Random, moment: datetime) -> UUID:
    """A UUIDv7 of that moment, as `hub.ids.uuid7` would have made it then."""
    milliseconds = int(moment.timestamp() * 1000)
    bits = luck.getrandbits(74)
    value = milliseconds << 80 | 0x7 << 76 | (bits >> 62) << 64 | 0b10 << 62
    return UUID(int=value | bits & (1 << 62) - 1)


# Hours at which offices in Italy are open, summer or winter.
OPENING, OPEN_FOR = time(8), timedelta(hours=7)


def in_office(luck: Random, day: date) -> datetime:
    """An instant of that day at which offices in Italy are open."""
    return datetime.combine(day, OPENING, UTC) + OPEN_FOR * luck.random()


def working_day(day: date) -> date:
    """The day itself, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))
