"""Rules of follow-ups: hours after a session and their windows. Pure."""

from datetime import datetime

from app.core.values.faults import RuleBroken
from app.followups.views import FollowUpWindow

ASKED_AFTER_H = 18
"""From this hour on, patients are asked for a report, and a missing one is informative."""

SECONDS_PER_HOUR = 3600

_WINDOWS: tuple[tuple[int, FollowUpWindow], ...] = (
    (ASKED_AFTER_H, "early"),
    (36, "h24"),
    (60, "h48"),
    (96, "h72"),
)


def hours_after(session_at: datetime, reported_at: datetime) -> float:
    """Return the hours that have really passed between two aware times; negative if before.

    It subtracts timestamps. Python subtracts two times of the same zone by their wall clock,
    which jumps when summer time begins and ends.
    """
    return (reported_at.timestamp() - session_at.timestamp()) / SECONDS_PER_HOUR


def window(hours: float) -> FollowUpWindow:
    """Return the window of a report that was made `hours` after needling.

    A window includes its beginning, not its end: early is [0, 18), h24 [18, 36),
    h48 [36, 60), h72 [60, 96), and late is everything after.
    """
    for end, name in _WINDOWS:
        if hours < end:
            return name
    return "late"


def check_worst(worst: int | None, soreness: int | None) -> None:
    """Require that the worst soreness so far is at least the soreness now."""
    if worst is not None and soreness is not None and worst < soreness:
        detail = "The worst soreness can't be less than the present one."
        raise RuleBroken("worst_below_soreness", detail)
