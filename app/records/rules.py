"""The rule of what has happened, for every kind of record. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from app.core.values.clock import clinic_day
from app.core.values.faults import Fault, pointer

AHEAD_MAX: Final = timedelta(minutes=5)
"""How far the clock of a client may be ahead of the server's."""


def happened_faults(
    members: Mapping[str, datetime | date | None], at: datetime, born_on: date | None
) -> Iterator[Fault]:
    """Yield faults for members that are ahead of the server's time, or before the birth.

    `at` is the server's time. `born_on` is the patient's birth date, if it is known.
    """
    for name, value in members.items():
        if value is None:
            continue
        if isinstance(value, datetime):
            ahead, day = value > at + AHEAD_MAX, clinic_day(value)
        else:
            ahead, day = value > clinic_day(at), value
        if ahead:
            here = at.isoformat(timespec="seconds").replace("+00:00", "Z")
            detail = f"{name} is ahead of the server's time, which is {here}."
            yield Fault(pointer(name), "in_the_future", detail)
        elif born_on is not None and day < born_on:
            detail = f"{name} is before the patient's birth."
            yield Fault(pointer(name), "before_birth", detail)
