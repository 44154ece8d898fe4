"""Every kind of record, listed once. All other lists of kinds derive from this one.

A kind says in `appears` where its records are found; the lists below are what each place makes
of that.
"""

from typing import Any, Final

from app.episodes.service import EPISODES
from app.followups.service import FOLLOW_UPS
from app.measurements.service import MEASUREMENTS
from app.patients.service import PATIENTS
from app.practitioners.service import PRACTITIONERS
from app.records.kinds import Kind, LeftOut
from app.records.registry import registry
from app.safety.service import ADVERSE_EVENTS, CONSENTS, SCREENINGS
from app.sessions.service import SESSIONS
from app.thresholds.service import THRESHOLDS

Kinds = tuple[Kind[Any, Any], ...]

KINDS: Final[Kinds] = (
    PATIENTS,
    PRACTITIONERS,
    EPISODES,
    SESSIONS,
    FOLLOW_UPS,
    MEASUREMENTS,
    CONSENTS,
    SCREENINGS,
    ADVERSE_EVENTS,
    THRESHOLDS,
)
"""Each behind those that it refers to: in this order an export can be imported."""


def _in(place: str) -> Kinds:
    return tuple(k for k in KINDS if not isinstance(getattr(k.appears, place), LeftOut))


AS_ROWS: Final = _in("rows")
AS_TABLES: Final = _in("table")
ON_TIMELINE: Final = _in("timeline")
IN_CHART_SUMMARY: Final = _in("chart_summary")
IN_CONSOLE: Final = _in("console")


def fill_registry() -> None:
    """Let the rooms below the features know every kind. Call it once, at the start."""
    registry.fill(KINDS)
