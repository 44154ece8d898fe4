"""What is known of a patient's safety before they are needled."""

from uuid import UUID

from sqlalchemy import bindparam

from app.core.operation import Operation
from app.records.queries import mark
from app.safety.models import AdverseEvent, Screening
from app.safety.service import ADVERSE_EVENTS, SCREENINGS
from app.safety.views import AdverseEventView, ScreeningView

_SCREENINGS = SCREENINGS.select.where(Screening.patient_id == bindparam("patient_id"))
_EVENTS = ADVERSE_EVENTS.select.where(AdverseEvent.patient_id == bindparam("patient_id"))


def screenings(op: Operation, patient_id: UUID) -> list[ScreeningView]:
    """Return the patient's screenings.

    The caller has checked the scope, and records the access to the patient.
    """
    found = [SCREENINGS.view_of(row) for row in op.all(_SCREENINGS, patient_id=patient_id)]
    mark(op, SCREENINGS, found)
    return found


def events(op: Operation, patient_id: UUID) -> list[AdverseEventView]:
    """Return the patient's adverse events and close calls. The same holds as for `screenings`."""
    found = [ADVERSE_EVENTS.view_of(row) for row in op.all(_EVENTS, patient_id=patient_id)]
    mark(op, ADVERSE_EVENTS, found)
    return found
