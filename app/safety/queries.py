"""What is known of a patient's safety before they are needled."""

from uuid import UUID

from sqlalchemy import bindparam

from app.core.operation import Operation
from app.records.queries import mark
from app.safety.models import AdverseEvent, Screening
from app.safety.rules import Standing, standing_answers, standing_events
from app.safety.service import ADVERSE_EVENTS, SCREENINGS
from app.safety.views import AdverseEventView

_SCREENINGS = SCREENINGS.select.where(Screening.patient_id == bindparam("patient_id"))
_EVENTS = ADVERSE_EVENTS.select.where(AdverseEvent.patient_id == bindparam("patient_id"))


def answers(op: Operation, patient_id: UUID) -> list[Standing]:
    """Return the answers of screenings that still hold; see `standing_answers`.

    The caller has checked the scope, and records the access to the patient.
    """
    found = [SCREENINGS.view_of(row) for row in op.all(_SCREENINGS, patient_id=patient_id)]
    mark(op, SCREENINGS, found)
    return standing_answers(found)


def serious_events(op: Operation, patient_id: UUID) -> list[AdverseEventView]:
    """Return the patient's serious events of the last 90 days; see `standing_events`."""
    found = [ADVERSE_EVENTS.view_of(row) for row in op.all(_EVENTS, patient_id=patient_id)]
    mark(op, ADVERSE_EVENTS, found)
    return standing_events(found, op.at)
