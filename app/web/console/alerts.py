"""What the console shows of alerts, and of what else stands on top of a chart."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Row, Select

from app.alerts import service
from app.alerts.queries import alarming
from app.alerts.schemas import AcknowledgeBody, AlertFilters, AlertNoteBody
from app.alerts.service import ALERTS
from app.alerts.views import AlertAction, AlertStatus, AlertView
from app.auth.actors import named
from app.core.db.dialects import among
from app.core.operation import Operation, rows
from app.core.values.access import Scope
from app.core.values.vocabularies import words_of
from app.core.values.wire import read
from app.deliveries.queries import deliveries
from app.followups.models import FollowUp
from app.followups.service import FOLLOW_UPS
from app.notes.rules.words import written
from app.patients.service import PATIENTS
from app.patients.views import PatientView
from app.records.queries import record, records, records_for_answer
from app.safety.models import AdverseEvent
from app.safety.rules import STANDS
from app.safety.service import ADVERSE_EVENTS
from app.sessions.models import TreatmentSession
from app.sessions.service import SESSIONS
from app.vocabularies.queries import Words
from app.web.console import access
from app.web.console.chart import plain
from app.web.console.heed import Heed, heed, name_of
from app.web.console.kept import check_patient

ACTIONS: Final[Sequence[AlertAction]] = words_of(AlertAction)
SHOWN_MAX: Final = 200
ON_CHART: Final = 10
"""How many acknowledged alerts a chart shows. The timeline has the others."""


class Subject(NamedTuple):
    """A kind of record that alerts are about, and who may read when it happened."""

    word: str
    scope: Scope
    times: Select[Any]
    """The ids and times of some of them."""


_SUBJECTS: Final[Mapping[str, Subject]] = {
    SESSIONS.noun: Subject(
        "session",
        Scope.SESSIONS_READ,
        rows(TreatmentSession, TreatmentSession.id, TreatmentSession.occurred_at.label("at")).where(
            among(TreatmentSession.id, "ids")
        ),
    ),
    FOLLOW_UPS.noun: Subject(
        "report",
        Scope.FOLLOW_UPS_READ,
        rows(FollowUp, FollowUp.id, FollowUp.reported_at.label("at")).where(
            among(FollowUp.id, "ids")
        ),
    ),
    ADVERSE_EVENTS.noun: Subject(
        "adverse event",
        Scope.ADVERSE_EVENTS_READ,
        rows(
            AdverseEvent,
            AdverseEvent.id,
            AdverseEvent.occurred_at.label("at"),
            AdverseEvent.kind,
            AdverseEvent.close_call,
        ).where(among(AdverseEvent.id, "ids")),
    ),
}
"""By the noun of the kind. Two alerts of one patient are told apart by these times."""
_TREATED: Final = rows(
    TreatmentSession, TreatmentSession.id, TreatmentSession.practitioner_id
).where(among(TreatmentSession.id, "ids"))
_NOBODY: Final = {"cli": "the command line", "server": "the server"}


class Shown(NamedTuple):
    """An alert as a page shows it."""

    alert: Any
    """As JSON, with the names of those who wrote, as `by`, and with its `deliveries`."""
    person: Any
    """The patient as JSON; None if the client may not read them, or there is none."""
    refusal: str | None
    """Why the client may not acknowledge it; None if they may."""
    subjects: list[tuple[str, str]]
    """Words for the session and the record that it is about, each with its time."""
    practitioner: str | None = None
    """Who treated in that session; None if there is none, or the client may not read names."""
    words: str | None = None
    """The patient's own words in the report that raised it, if the client may read it."""

    @property
    def patient_id(self) -> str | None:
        """The id of the patient; None for an alert of nobody."""
        id_: str | None = self.alert["patient_id"]
        return id_


class OnTop(NamedTuple):
    """What stands on top of a chart, before everything else."""

    alerts: list[Shown]
    acknowledged: list[Shown]
    """The newest alerts that somebody has acknowledged."""
    emergencies: list[Shown]
    """Those of them that sent the patient to an emergency department in the last 90 days."""
    heed: Heed


def shown(
    op: Operation, alerts: Sequence[AlertView], person: PatientView | None = None
) -> list[Shown]:
    """Return alerts with the names of their patients, as far as the client may read them.

    `person` is the patient whom all of them are about, if the page is theirs.
    """
    people: dict[UUID | None, PatientView] = {}
    if person is not None:
        people[person["id"]] = person
    elif op.caller.may(Scope.PATIENTS_READ):
        ids = {id_ for alert in alerts if (id_ := alert["patient_id"]) is not None}
        people = {one["id"]: one for one in records_for_answer(op, PATIENTS, sorted(ids))}
    told = deliveries(op, ALERTS.noun, [alert["id"] for alert in alerts])
    times, treated_by, words = _times(op, alerts), _treating(op, alerts), _words(op, alerts)
    return [
        Shown(
            signed | {"deliveries": plain(told[alert["id"]])},
            plain(people[id_]) if (id_ := alert["patient_id"]) in people else None,
            service.refusal(op, alert),
            [times[about] for about in _about(alert) if about in times],
            treated_by.get(alert["session_id"]),
            words.get(UUID(str(alert["source"]["id"]))),
        )
        for alert, signed in zip(alerts, with_names(op, alerts), strict=True)
    ]


def with_names(op: Operation, alerts: Sequence[AlertView]) -> list[dict[str, Any]]:
    """Return alerts as JSON, with the names of who acknowledged and wrote notes, as `by`."""
    found = [plain(alert) for alert in alerts]
    said = [each for alert in found for each in (alert, *alert["notes"])]
    actors = {who for each in said if (who := _writer(each)) is not None}
    names = named(op, actors)
    for each in said:
        who = _writer(each)
        each["by"] = None if who is None else names.actor(who) or _kind_of(who)
    return found


def _writer(said: Mapping[str, Any]) -> str | None:
    who: str | None = said.get("written_by", said.get("acknowledged_by"))
    return who


def _kind_of(actor: str) -> str:
    """Words for an actor without a name, such as the command line."""
    kind = actor.partition(":")[0]
    return _NOBODY.get(kind, f"a {kind} without a name")


def _about(alert: AlertView) -> Iterator[tuple[str, str]]:
    """Yield the nouns and ids of the session and the record that an alert is about."""
    if alert["session_id"] is not None:
        yield SESSIONS.noun, str(alert["session_id"])
    source = alert["source"]
    if (source["resource"], str(source["id"])) != (SESSIONS.noun, str(alert["session_id"])):
        yield source["resource"], str(source["id"])


def _times(op: Operation, alerts: Sequence[AlertView]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the words and times of what alerts are about, as far as the client may read them."""
    every = {about for alert in alerts for about in _about(alert)}
    found = {}
    for noun, subject in _SUBJECTS.items():
        ids = [UUID(id_) for resource, id_ in every if resource == noun]
        if ids and op.caller.may(subject.scope):
            for row in op.all(subject.times, ids=sorted(ids)):
                found[noun, str(row.id)] = (_subject_words(op, subject, row), plain(row.at))
    return found


def _subject_words(op: Operation, subject: Subject, row: Row[Any]) -> str:
    """Return words for what an alert is about; of an adverse event, which one it was."""
    if not hasattr(row, "kind"):
        return subject.word
    name = name_of(Words(op, inactive=True), "event_kinds", row.kind)
    return f"{written(name)} ({'close call' if row.close_call else subject.word})"


def _treating(op: Operation, alerts: Sequence[AlertView]) -> dict[UUID | None, str]:
    """Return the practitioners of the sessions of alerts, if the client may read practitioners.

    Also for those who may not read sessions: they are asked to tell the practitioner at once.
    """
    ids = {id_ for alert in alerts if (id_ := alert["session_id"]) is not None}
    if not ids:
        return {}
    by_session = {row.id: row.practitioner_id for row in op.all(_TREATED, ids=sorted(ids))}
    names = access.practitioners(op, by_session.values())
    return {id_: names[str(one)] for id_, one in by_session.items() if str(one) in names}


def _words(op: Operation, alerts: Sequence[AlertView]) -> dict[UUID, str]:
    """Return the patients' own words of the reports that raised alerts, by the report's id."""
    ids = {
        UUID(str(alert["source"]["id"]))
        for alert in alerts
        if alert["source"]["resource"] == FOLLOW_UPS.noun
    }
    if not ids or not op.caller.may(Scope.FOLLOW_UPS_READ):
        return {}
    reports = records_for_answer(op, FOLLOW_UPS, sorted(ids))
    return {one["id"]: one["comment"] for one in reports if one["comment"] is not None}


def marked(op: Operation, people: Sequence[PatientView]) -> set[str]:
    """Return the ids of those patients of a list who have an open alert."""
    if not op.caller.may(Scope.ALERTS_READ):
        return set()
    return set(map(str, alarming(op, [one["id"] for one in people])))


def on_top(op: Operation, person: PatientView) -> OnTop:
    """Return what stands on top of a patient's chart, as far as the client may read it."""
    may = op.caller.may(Scope.ALERTS_READ)
    answered = _alerts(op, person, "acknowledged", ON_CHART) if may else []
    return OnTop(
        _alerts(op, person, "open", SHOWN_MAX) if may else [],
        answered,
        [one for one in answered if _is_emergency(one.alert, op.at)],
        heed(op, person["id"]),
    )


def _is_emergency(alert: Mapping[str, Any], now: datetime) -> bool:
    """Return whether an alert sent the patient to an emergency department lately."""
    at = datetime.fromisoformat(alert["acknowledged_at"])
    return alert["action"] == "sent_to_emergency" and at > now - STANDS


def _alerts(op: Operation, person: PatientView, status: AlertStatus, limit: int) -> list[Shown]:
    wanted = AlertFilters(status=status, patient_id=person["id"], limit=limit)
    return shown(op, records(op, ALERTS, wanted)[0], person)


def acknowledge(op: Operation, id: UUID, form: Mapping[str, str]) -> AlertView:
    """Acknowledge an alert with a form, which says for which patient it was opened.

    Raises `Conflict` if that is another one, and what the service raises.
    """
    said = _said(op, id, form, ("action", "note"))
    return service.acknowledge(op, id, read(AcknowledgeBody, said))


def add_note(op: Operation, id: UUID, form: Mapping[str, str]) -> AlertView:
    """Add a note to an alert with a form. Raises as `acknowledge` does."""
    return service.add_note(op, id, read(AlertNoteBody, _said(op, id, form, ("note",))))


def _said(op: Operation, id: UUID, form: Mapping[str, str], names: Collection[str]) -> bytes:
    """Return what a person filled in as JSON, if the form is about this patient."""
    check_patient(form, record(op, ALERTS, id)["patient_id"])
    return to_json({name: form[name] for name in names if form.get(name, "").strip()})
