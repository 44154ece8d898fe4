"""Days, times and numbers as people write them in their language."""

from datetime import datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time

ZEROS: Final = {
    "arab": "\u0660",
    "arabext": "\u06f0",
    "beng": "\u09e6",
    "deva": "\u0966",
    "mymr": "\u1040",
}
"""The zero of each system of digits that is some language's default; the other digits follow it.
Babel knows which system a language has, but not its digits."""


@cache
def _locale(tag: str) -> Locale:
    return Locale.parse(tag, sep="-")


def number(value: int, tag: str) -> str:
    """Return a whole number in the digits of the language."""
    return _digits(str(value), tag)


def day(at: datetime, zone: ZoneInfo, tag: str) -> str:
    """Return the day of an instant, with its day of the week, on the calendar in `zone`.

    The calendar is the Gregorian one in every language.
    """
    return _digits(format_date(at.astimezone(zone), "full", _locale(tag)), tag)


def clock(at: datetime, zone: ZoneInfo, tag: str) -> str:
    """Return the time of an instant, on the clock in `zone`, to the minute."""
    return _digits(format_time(at, "short", zone, _locale(tag)), tag)


def _digits(text: str, tag: str) -> str:
    """Write the digits of a text in those of the language."""
    return text.translate(_table(_locale(tag).default_numbering_system))


@cache
def _table(system: str) -> dict[int, int]:
    zero = ZEROS.get(system, "0")
    return {ord("0") + digit: ord(zero) + digit for digit in range(10)}
