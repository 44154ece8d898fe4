"""Rules of a clinic's hours, in the clinic's own time, and of its addresses. Pure."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.clinics.views import HoursView, Weekday
from app.core.values.faults import RuleBroken
from app.core.values.vocabularies import words_of

WEEK: Final = words_of(Weekday)
"""The days of the week, in the order of `date.weekday`."""
EMAIL_MAX: Final = 254
"""The longest address that a mail server takes (RFC 5321 §4.5.3.1.3)."""
_LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# The form that the HTML standard defines for `<input type="email">`, with a dot in the domain.
_EMAIL: Final = re.compile(
    rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+", re.ASCII
)


def check_email(address: str) -> None:
    """Require an e-mail address to which a mail server can deliver."""
    if len(address) > EMAIL_MAX or not _EMAIL.fullmatch(address):
        raise RuleBroken("email_address", "Give an e-mail address, such as team@clinic.example.")


def check_quiet(begin: str | None, end: str) -> None:
    """Require that quiet hours leave a time of the day in which messages may go."""
    if begin == end:
        raise RuleBroken("always_quiet", "Quiet hours end at another time than they begin.")


def are_on(hours: Sequence[HoursView], local: datetime) -> bool:
    """Return whether a moment lies in weekly hours.

    `local` is the moment on the clock of the clinic's zone. Hours that end at or before the time
    of their beginning end on the next day. So 00:00 to 00:00 is a whole day.
    """
    day, clock = local.date(), f"{local:%H:%M}"
    return any(
        (
            _begin_on(each, day)
            and each["from"] <= clock
            and (_is_over_night(each) or clock < each["to"])
        )
        or (
            _begin_on(each, day - timedelta(days=1)) and _is_over_night(each) and clock < each["to"]
        )
        for each in hours
    )


def next_opening(hours: Sequence[HoursView], at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the next moment after `at` at which weekly hours begin; None without any hours."""
    today = at.astimezone(zone).date()
    begins = (
        datetime.combine(day, time.fromisoformat(each["from"]), zone)
        for day in (today + timedelta(days=ahead) for ahead in range(len(WEEK) + 1))
        for each in hours
        if _begin_on(each, day)
    )
    return min((begin for begin in begins if begin.timestamp() > at.timestamp()), default=None)


def _begin_on(hours: HoursView, day: date) -> bool:
    return WEEK[day.weekday()] in hours["days"]


def _is_over_night(hours: HoursView) -> bool:
    return hours["to"] <= hours["from"]
