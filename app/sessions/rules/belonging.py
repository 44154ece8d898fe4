"""What a record that belongs to a session needs of it: attendance and time. Pure."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from app.core.values.clock import clinic_day
from app.core.values.faults import Fault, pointer


class Belonging(NamedTuple):
    """Which sessions a record may belong to, and how near them it lies."""

    attendances: frozenset[str]
    takes_void: bool = False
    before: timedelta = timedelta(0)
    """How long before the session it may lie."""
    after: timedelta | None = None
    """How long after the session it may lie; None for no limit."""


_CALLED_OFF_TOO: Final = frozenset({"attended", "declined", "cancelled"})
REPORT: Final = Belonging(frozenset({"attended"}))
EVENT: Final = Belonging(_CALLED_OFF_TOO, takes_void=True)
MEASUREMENT: Final = Belonging(
    frozenset({"attended"}), before=timedelta(days=7), after=timedelta(hours=24)
)
SCREENING: Final = MEASUREMENT._replace(attendances=_CALLED_OFF_TOO)


class Visit(NamedTuple):
    """The session: its time, and its attendance, or `void`."""

    at: datetime
    attendance: str
    zone: ZoneInfo
    """The clinic's time zone."""


def belonging_faults(
    belonging: Belonging, visit: Visit, member: str, at: datetime, *, imported: bool = False
) -> Iterator[Fault]:
    """Yield faults of a record of a session, whose time `at` stands in `member`.

    A row of an import may belong to a session that was voided later.
    """
    if visit.attendance == "void":
        if not belonging.takes_void and not imported:
            yield Fault("/session_id", "session_void", "That session is void.")
    elif visit.attendance not in belonging.attendances:
        yield Fault("/session_id", "not_attended", "That visit was not attended.")
    place = pointer(member)
    if at < visit.at - belonging.before and not _is_only_that_day(at, visit):
        days = belonging.before.days
        earliest = f"more than {days} days before" if days else "before"
        yield Fault(place, "before_session", f"This is {earliest} the session.")
    elif belonging.after is not None and at > visit.at + belonging.after:
        hours = belonging.after // timedelta(hours=1)
        yield Fault(place, "after_session", f"This is more than {hours} hours after the session.")


def _is_only_that_day(at: datetime, visit: Visit) -> bool:
    """Return whether a time is midnight, as where only the day is known, on the session's day.

    Midnight and day are the clinic's, or those at the offset in which the time was written.
    """
    days = {clinic_day(visit.at, visit.zone), visit.at.astimezone(at.tzinfo).date()}
    spellings = (at, at.astimezone(visit.zone))
    return any(each.time() == time() and each.date() in days for each in spellings)
