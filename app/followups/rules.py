"""What the hours after a session mean, as pure functions."""

from datetime import datetime

from app.core.values.faults import RuleBroken
from app.followups.views import Window

ASKED_AFTER_H = 18
"""From this hour on a patient is asked how it went, and a missing answer says something."""

SECONDS_PER_HOUR = 3600

_WINDOWS: tuple[tuple[int, Window], ...] = (
    (ASKED_AFTER_H, "early"),
    (36, "h24"),
    (60, "h48"),
    (96, "h72"),
)


def hours_after(session_at: datetime, reported_at: datetime) -> float:
    """Hours that really passed between two aware times; negative if reported before.

    Instants are subtracted, for two times in one zone would be subtracted by the clock on the
    wall, which jumps when summer time begins and ends.
    """
    return (reported_at.timestamp() - session_at.timestamp()) / SECONDS_PER_HOUR


def window(hours: float) -> Window:
    """Name the window of a report made ``hours`` after the needles.

    A window contains its first hour and not its last: early is [0, 18), h24 [18, 36),
    h48 [36, 60), h72 [60, 96), and late all that follows.
    """
    for end, name in _WINDOWS:
        if hours < end:
            return name
    return "late"


def check_worst(worst: int | None, soreness: int | None) -> None:
    """The worst soreness so far is at least the soreness now."""
    if worst is not None and soreness is not None and worst < soreness:
        raise RuleBroken("worst_below_soreness", "worst_soreness is at least soreness.")
