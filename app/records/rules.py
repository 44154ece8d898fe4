"""The rule of what has happened, for every kind of record. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.core.values.clock import AHEAD_MAX, ahead_detail, clinic_day, first_day
from app.core.values.faults import Fault, pointer


def happened_faults(
    members: Mapping[str, datetime | date | None],
    at: datetime,
    born: str | None,
    zone: ZoneInfo,
) -> Iterator[Fault]:
    """Yield faults for members that are ahead of the server's time, or before the birth.

    `at` is the server's time. `born` is the patient's birth date, as far as it is known. `zone` is
    the clinic's time zone.
    """
    latest = at + AHEAD_MAX
    for name, value in members.items():
        if value is None:
            continue
        if value > (latest if isinstance(value, datetime) else clinic_day(latest, zone)):
            yield Fault(pointer(name), "in_the_future", ahead_detail(at))
        else:
            yield from birth_faults(name, value, born, zone)


def birth_faults(
    name: str, value: datetime | date, born: str | None, zone: ZoneInfo
) -> Iterator[Fault]:
    """Yield a fault if the day in a member is before the patient's birth."""
    day = clinic_day(value, zone) if isinstance(value, datetime) else value
    if born is not None and day < first_day(born):
        yield Fault(pointer(name), "before_birth", "This is before the patient's birth.")
