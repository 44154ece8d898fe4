"""What the console shows of alerts, and of what else stands on top of a chart."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import bindparam

from app.alerts import service
from app.alerts.queries import alarming
from app.alerts.schemas import AcknowledgeBody, AlertFilters
from app.alerts.service import ALERTS
from app.alerts.views import AlertAction, AlertView
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.vocabularies import words_of
from app.core.values.wire import read
from app.episodes.schemas import EpisodeFilters
from app.episodes.service import EPISODES
from app.episodes.views import EpisodeView
from app.patients.service import PATIENTS
from app.patients.views import PatientView
from app.records.queries import record, records, records_for_answer
from app.safety.models import Consent
from app.safety.rules import standing_refusals
from app.safety.service import CONSENTS
from app.web.console.chart import plain
from app.web.console.kept import check_bearings

ACTIONS: Final[Sequence[AlertAction]] = words_of(AlertAction)
SHOWN_MAX: Final = 200
_CONSENTS: Final = CONSENTS.select.where(Consent.patient_id == bindparam("patient_id"))


class Shown(NamedTuple):
    """An alert as a page shows it."""

    alert: Any
    person: Any
    """The patient as JSON; None if the client may not read them, or there is none."""
    refusal: str | None
    """Why the client may not acknowledge it; None if they may."""


class OnTop(NamedTuple):
    """What stands on top of a chart, before everything else."""

    alerts: list[Shown]
    refusals: list[dict[str, Any]]
    """Consents that the patient refused or withdrew, and decided nothing else since."""
    red_flags: list[EpisodeView]
    """The red flags of the episodes that are open."""


def shown(op: Operation, alerts: Sequence[AlertView]) -> list[Shown]:
    """Return alerts with the names of their patients, as far as the client may read them."""
    people: dict[UUID | None, PatientView] = {}
    if op.caller.may(Scope.PATIENTS_READ):
        ids = {id_ for alert in alerts if (id_ := alert["patient_id"]) is not None}
        people = {one["id"]: one for one in records_for_answer(op, PATIENTS, sorted(ids))}
    return [
        Shown(
            plain(alert),
            plain(people[id_]) if (id_ := alert["patient_id"]) in people else None,
            service.refusal(op, alert),
        )
        for alert in alerts
    ]


def marked(op: Operation, people: Sequence[PatientView]) -> set[str]:
    """Return the ids of those patients of a list who have an open alert."""
    if not op.caller.may(Scope.ALERTS_READ):
        return set()
    return set(map(str, alarming(op, [one["id"] for one in people])))


def on_top(op: Operation, person: PatientView) -> OnTop:
    """Return what stands on top of a patient's chart, as far as the client may read it."""
    patient_id = person["id"]
    return OnTop(
        list(_alerts(op, person)) if op.caller.may(Scope.ALERTS_READ) else [],
        list(_refusals(op, patient_id)) if op.caller.may(Scope.CONSENTS_READ) else [],
        list(_red_flags(op, patient_id)) if op.caller.may(Scope.EPISODES_READ) else [],
    )


def _alerts(op: Operation, person: PatientView) -> Iterator[Shown]:
    wanted = AlertFilters(status="open", patient_id=person["id"], limit=SHOWN_MAX)
    for alert in records(op, ALERTS, wanted)[0]:
        yield Shown(plain(alert), plain(person), service.refusal(op, alert))


def _refusals(op: Operation, patient_id: UUID) -> Iterator[dict[str, Any]]:
    found = op.all(_CONSENTS, patient_id=patient_id)
    for consent in standing_refusals(map(CONSENTS.view_of, found)):
        at = plain(consent["withdrawn_at"] or consent["obtained_at"])
        yield {"kind": consent["kind"], "decision": consent["decision"], "at": at}


def _red_flags(op: Operation, patient_id: UUID) -> Iterator[EpisodeView]:
    filters = EpisodeFilters(patient_id=patient_id, status="active", limit=SHOWN_MAX)
    for episode in records(op, EPISODES, filters)[0]:
        if episode["red_flags"]:
            yield episode


def acknowledge(op: Operation, id: UUID, form: dict[str, str]) -> AlertView:
    """Acknowledge an alert with a form, which says for which patient it was opened.

    Raises `Conflict` if that is another one, or if somebody else opened the form; and what the
    service raises.
    """
    check_bearings(form, op.caller.client_id, record(op, ALERTS, id)["patient_id"])
    said = {name: form[name] for name in ("action", "note") if form.get(name, "").strip()}
    return service.acknowledge(op, id, read(AcknowledgeBody, to_json(said)))
