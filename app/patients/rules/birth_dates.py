"""Birth dates, of which only the year or the month may be known. Pure."""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date

from app.core.values.clock import YEAR_MAX, YEAR_MIN, first_day
from app.core.values.faults import Fault, RuleBroken

_BIRTH_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?", re.ASCII)


def check_birth_date(birth_date: str) -> None:
    """Require a day, a month or a year, within the years that can be stored."""
    try:
        first = first_day(birth_date) if _BIRTH_DATE.fullmatch(birth_date) else None
    except ValueError:
        first = None
    if first is None:
        detail = "Give a birth date such as 1988-04-12; or 1988-04, or 1988, if no more is known."
        if _BIRTH_DATE.fullmatch(birth_date):
            detail = "The calendar has no such day."
        raise RuleBroken("date_parsing", detail)
    if not YEAR_MIN <= first.year <= YEAR_MAX:
        raise RuleBroken("year_out_of_range", f"Years run from {YEAR_MIN} to {YEAR_MAX}.")


def last_day(birth_date: str) -> date:
    """Return the last day that a birth date may be: the cautious one for who may be a child."""
    first = first_day(birth_date)
    if len(birth_date) == len("YYYY"):
        return first.replace(month=12, day=31)
    if len(birth_date) == len("YYYY-MM"):
        return first.replace(day=monthrange(first.year, first.month)[1])
    return first


def covering(birth_date: str) -> list[str]:
    """Return a birth date, and the less precise ones that cover it."""
    return [birth_date[:length] for length in (4, 7, 10) if length <= len(birth_date)]


def birth_faults(birth_date: str | None, today: date) -> Iterator[Fault]:
    """Yield a fault if a birth date is in the future."""
    if birth_date is not None and first_day(birth_date) > today:
        yield Fault("/birth_date", "in_the_future", "The birth date is in the future.")


def death_faults(deceased_on: date | None, birth_date: str | None, today: date) -> Iterator[Fault]:
    """Yield a fault if a day of death is in the future, or before the first day of a birth date."""
    if deceased_on is None:
        return
    if deceased_on > today:
        yield Fault("/deceased_on", "in_the_future", "The day of death is in the future.")
    elif birth_date is not None and deceased_on < first_day(birth_date):
        yield Fault("/deceased_on", "before_birth", "The day of death is before the birth date.")
