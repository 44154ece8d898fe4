"""The one source of instants, of the clinic's days and of time-ordered ids."""

import os
import time
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

YEAR_MIN, YEAR_MAX = 1900, 2199
"""The years that can be stored."""

AHEAD_MAX: Final = timedelta(minutes=5)
"""How far the clock of a client may be ahead of the server's."""


def now() -> datetime:
    """Return the present instant in UTC, to the microsecond."""
    return datetime.now(UTC)


def ahead_detail(at: datetime) -> str:
    """Return the words of the fault of what is ahead of the server's time `at`."""
    here = at.isoformat(timespec="seconds").replace("+00:00", "Z")
    return f"This is ahead of the server's time, which is {here}."


@lru_cache
def time_zones() -> frozenset[str]:
    """Return the names of the IANA time zones, without those that depend on the machine."""
    return frozenset(available_timezones() - {"Factory", "localtime", "posixrules"})


def clinic_day(moment: datetime, zone: ZoneInfo) -> date:
    """Return the day of an instant in the time zone of a clinic, which is `Operation.zone`."""
    return moment.astimezone(zone).date()


def first_day(birth_date: str) -> date:
    """Return the first day that a birth date may be. Raises `ValueError`."""
    return date.fromisoformat(birth_date + "-01-01"[len(birth_date) - len("YYYY") :])


def uuid7() -> UUID:
    """Return a new UUID version 7."""
    return uuid7_at(time.time_ns() // 1_000_000, os.urandom(10))


def uuid7_at(milliseconds: int, tail: bytes) -> UUID:
    """Return a UUID version 7 (RFC 9562 §5.7).

    It holds the milliseconds since 1970, then 74 of the tail's 80 bits.
    """
    value = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(tail)
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
