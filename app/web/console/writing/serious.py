"""A serious adverse event raises its alert also if the form can't be stored yet."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Final
from uuid import UUID

from app.alerts.service import Alarm, Source, raise_alerts, raised, taking_over
from app.core.operation import Operation
from app.core.values.clock import uuid7
from app.core.values.faults import Fault
from app.patients.service import PATIENTS
from app.records.service import create_one
from app.safety.schemas import AdverseEventBody
from app.safety.service import ADVERSE_EVENTS
from app.web.console.chart import plain
from app.web.console.writing.sheets import Again, Sheet

SERIOUS: Final = "serious"


def of_patient(patient_id: UUID) -> Source:
    """Return the source of an alert about an event that isn't stored yet."""
    return PATIENTS.noun, patient_id


def store_event(op: Operation, patient_id: UUID, body: AdverseEventBody) -> None:
    """Store an event, or raise `Invalid`. A serious one takes the alert of its refused form."""
    before, after = of_patient(patient_id), (ADVERSE_EVENTS.noun, uuid7())
    event = body.model_copy(update={"id": after[1]})
    with taking_over(op, before, after) if body.severity == SERIOUS else nullcontext():
        create_one(op, ADVERSE_EVENTS, event)


def warning(
    op: Operation, source: Source, patient_id: UUID, form: Mapping[str, str]
) -> Callable[[Sheet, list[Fault]], Again]:
    """Return what shows a refused form again. It raises the alert if the event is serious."""

    def again(sheet: Sheet, faults: list[Fault]) -> Again:
        if form.get("severity") != SERIOUS:
            return Again(sheet, faults, {})
        alarm = Alarm(*source, ["serious_adverse_event"], patient_id)
        [id_] = raise_alerts(op, [alarm])
        danger = plain(raised(op, id_))
        return Again(sheet._replace(more={**sheet.more, "danger": danger}), faults, {})

    return again
