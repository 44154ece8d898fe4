"""Where records that belong to a patient are corrected, and who may do so: the rule for every link.

A session is corrected by its own acts: see `writing/acts.py`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from app.core.operation import Operation
from app.core.values.access import Scope
from app.measurements.schemas import MeasurementFilters
from app.measurements.service import MEASUREMENTS
from app.records.kinds import Kind
from app.records.queries import records
from app.safety.schemas import AdverseEventFilters, ScreeningFilters
from app.safety.service import ADVERSE_EVENTS, CONSENTS, SCREENINGS
from app.web.console.chart import happened
from app.web.console.pages import HOME


class Corrected(NamedTuple):
    """A kind of record that a form corrects."""

    kind: Kind[Any, Any]
    folder: str
    """The folder of its pages."""
    scopes: tuple[Scope, ...]
    """What its form needs. Its list needs the one that reads it."""

    def page(self, id: object) -> str:
        """Return the path of the form that corrects a record."""
        return f"{HOME}/{self.folder}/{id}/edit"


def _corrected(kind: Kind[Any, Any], folder: str, *scopes: Scope) -> Corrected:
    return Corrected(kind, folder, (*scopes, Scope.PATIENTS_READ))


CONSENT: Final = _corrected(CONSENTS, "consents", Scope.CONSENTS_WRITE, Scope.CONSENTS_READ)
SCREENING: Final = _corrected(
    *(SCREENINGS, "screenings", Scope.SCREENINGS_WRITE, Scope.SCREENINGS_READ),
    Scope.SESSIONS_READ,
)
EVENT: Final = _corrected(
    ADVERSE_EVENTS, "adverse-events", Scope.ADVERSE_EVENTS_WRITE, Scope.ADVERSE_EVENTS_READ
)
MEASUREMENT: Final = _corrected(
    MEASUREMENTS, "measurements", Scope.MEASUREMENTS_WRITE, Scope.MEASUREMENTS_READ
)
EVERY: Final[Mapping[str, Corrected]] = {
    one.kind.singular: one for one in (CONSENT, SCREENING, EVENT, MEASUREMENT)
}


class Beside(NamedTuple):
    """A record that belongs to a visit, as a page lists it."""

    title: str
    told: str
    edit: str


def correction(op: Operation, singular: str, id: object) -> str | None:
    """Return the path of the form that corrects a record; None without one, or without the rights.

    `singular` names the kind, as a timeline does.
    """
    found = EVERY.get(singular)
    is_open = found is not None and all(map(op.caller.may, found.scopes))
    return found.page(id) if found is not None and is_open else None


def of_visit(op: Operation, session_id: UUID) -> list[Beside]:
    """Return what belongs to a visit and may be corrected by who is signed in."""
    filters = (
        (SCREENING, ScreeningFilters(session_id=session_id)),
        (MEASUREMENT, MeasurementFilters(session_id=session_id)),
        (EVENT, AdverseEventFilters(session_id=session_id)),
    )
    return [
        one
        for corrected, wanted in filters
        if all(map(op.caller.may, corrected.scopes))
        for one in _listed(op, corrected, wanted)
    ]


def _listed(op: Operation, corrected: Corrected, wanted: Any) -> Iterator[Beside]:
    kind = corrected.kind
    for one in records(op, kind, wanted)[0]:
        item: Any = {"type": kind.singular, "record": one}
        yield Beside(*happened(item), corrected.page(one["id"]))
