"""All kinds of record. All other lists of kinds derive from this one.

A kind declares in `appears` where its records appear. The other lists here, one for each place,
derive from that.
"""

from typing import Any, Final

from app.alerts.service import ALERTS, report_differences
from app.asks.service import ASKS
from app.episodes.service import EPISODES
from app.followups.service import FOLLOW_UPS
from app.measurements.service import MEASUREMENTS
from app.patients.service import PATIENTS
from app.practitioners.service import PRACTITIONERS
from app.records import reports
from app.records.appearances import LeftOut
from app.records.kinds import Kind
from app.records.registry import registry
from app.safety.service import ADVERSE_EVENTS, CONSENTS, SCREENINGS
from app.sessions.service import SESSIONS
from app.terms.service import TERMS
from app.thresholds.service import THRESHOLDS

Kinds = tuple[Kind[Any, Any], ...]

KINDS: Final[Kinds] = (
    TERMS,
    PATIENTS,
    PRACTITIONERS,
    EPISODES,
    SESSIONS,
    ALERTS,
    FOLLOW_UPS,
    MEASUREMENTS,
    CONSENTS,
    SCREENINGS,
    ADVERSE_EVENTS,
    ASKS,
    THRESHOLDS,
)
"""Each kind comes after what it refers to, so an export in this order can be imported."""


def _in(place: str) -> Kinds:
    return tuple(k for k in KINDS if not isinstance(getattr(k.appears, place), LeftOut))


AS_ROWS: Final = _in("rows")
AS_TABLES: Final = _in("table")
ON_TIMELINE: Final = _in("timeline")
IN_CHART_SUMMARY: Final = _in("chart_summary")
IN_CONSOLE: Final = _in("console")
IN_NOTE: Final = _in("note")


def fill_registry() -> None:
    """Fill the registry with all kinds, and set the report of differences. Call it once."""
    registry.fill(KINDS)
    reports.report_with(report_differences)
