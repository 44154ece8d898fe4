"""Consents, screenings, adverse events and measurements are written in the console."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse, Response

from app.core.http.authorize import Authorize
from app.core.http.forms import LongForm
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.vocabularies import words_of
from app.core.values.wire import Body
from app.measurements.schemas import MeasurementBody
from app.measurements.service import MEASUREMENTS
from app.measurements.views import MeasurementPhase
from app.patients.service import PATIENTS
from app.records.kinds import Kind
from app.records.queries import record_for_answer
from app.records.service import create_one
from app.safety.schemas import AdverseEventBody, ConsentBody, ScreeningBody
from app.safety.service import ADVERSE_EVENTS, CONSENTS, SCREENINGS
from app.safety.views import ConsentDecision, ConsentForm, ConsentKind, ScreeningDecision
from app.sessions.service import SESSIONS
from app.vocabularies.rules import ScreeningAnswer, Severity
from app.web.console import access, pages
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.framing import whose
from app.web.console.writing.courses import words_to_choose
from app.web.console.writing.fields import Field, Read
from app.web.console.writing.muscles import NAMES
from app.web.console.writing.people import chart_of, choices
from app.web.console.writing.session_fields import MEASURE, MEASURE_FURTHER, SIDES
from app.web.console.writing.sheets import Section, Sheet, show, take
from app.web.console.writing.visits import SESSIONS_AT, episodes

OF_PATIENT: Final = "/patients/{patient_id:uuid}"
RULE_SET: Final = "console-1"
"""The name of the set of questions that the form of a screening has: the clinic's vocabulary."""
KINDS: Final = tuple(kind for kind in words_of(ConsentKind) if kind != "messages")
"""What the form of a consent is about. The chart asks about messages."""
CAUSALITY: Final = ("certain", "probable", "possible", "unlikely", "unknown")
router = APIRouter(prefix=pages.HOME, include_in_schema=False, route_class=Route)


def _writing(*scopes: Scope) -> Any:
    return Depends(Authorize(*scopes, Scope.PATIENTS_READ, identify=by_cookie))


Consenting = Annotated[Operation, _writing(Scope.CONSENTS_WRITE)]
Screening = Annotated[Operation, _writing(Scope.SCREENINGS_WRITE, Scope.SESSIONS_READ)]
Reporting = Annotated[Operation, _writing(Scope.ADVERSE_EVENTS_WRITE)]
Measuring = Annotated[Operation, _writing(Scope.MEASUREMENTS_WRITE)]


class Writes(NamedTuple):
    """A kind of record that a form makes for a patient."""

    kind: Kind[Any, Any]
    body: type[Body]
    path: str
    title: str
    sections: Callable[[Operation, UUID], list[Section]]


def _consent(op: Operation, patient_id: UUID) -> list[Section]:
    return [
        Section(
            "The decision",
            (
                Field("kind", "Consent to", "choice", choices(KINDS), required=True),
                Field(
                    *("decision", "Decision", "choice"),
                    choices(words_of(ConsentDecision)),
                    required=True,
                ),
                Field("form", "Given how", "choice", choices(words_of(ConsentForm)), required=True),
                Field("given_by", "Who decided", required=True),
                Field("obtained_by", "Who explained and asked", required=True),
                Field("obtained_at", "Decided", "moment", required=True),
                Field("withdrawn_at", "Withdrawn", "moment", hint="Only for a withdrawal."),
                Field("valid_until", "Valid until", "day"),
                Field("episode_id", "Only for the episode", "choice", episodes(op, patient_id)),
            ),
        ),
        Section(
            "What was explained",
            (
                Field("risks_disclosed", "Risks", "codes", hint="Such as: soreness, bruising."),
                Field("patient_specific_risks", "Risks of this patient", "text"),
                Field("alternatives_discussed", "Alternatives", "text"),
            ),
        ),
    ]


def _event(op: Operation, patient_id: UUID) -> list[Section]:
    return [
        Section(
            "What happened",
            (
                Field("kind", "Event", "choice", words_to_choose(op, "event_kinds"), required=True),
                Field("severity", "Severity", "choice", choices(words_of(Severity)), required=True),
                Field("close_call", "It nearly happened, and harmed nobody", "tick"),
                Field("expected", "A usual reaction to needling?", "yes_no", required=True),
                Field("causality", "Link to needling", "choice", choices(CAUSALITY), required=True),
                Field("occurred_at", "When", "moment", required=True),
                Field("detected_at", "Noticed", "moment"),
                Field("muscle", "Muscle", "muscle"),
                Field("side", "Side", "choice", SIDES),
                Field("episode_id", "Episode", "choice", episodes(op, patient_id)),
                Field("description", "What happened, in words", "text", required=True),
                Field("action", "What was done", "text"),
                Field("outcome", "How it ended", "text"),
            ),
        )
    ]


def _measurement(op: Operation, patient_id: UUID) -> list[Section]:
    phase = Field("phase", "When", "choice", choices(words_of(MeasurementPhase)), required=True)
    taken = Field("taken_at", "Measured", "moment", required=True)
    episode = Field("episode_id", "Episode", "choice", episodes(op, patient_id))
    return [Section("The value", (phase, *MEASURE[1:], taken, episode), MEASURE_FURTHER)]


CONSENT: Final = Writes(CONSENTS, ConsentBody, "consents/new", "New consent", _consent)
EVENT: Final = Writes(
    ADVERSE_EVENTS, AdverseEventBody, "adverse-events/new", "New adverse event", _event
)
MEASURED: Final = Writes(
    MEASUREMENTS, MeasurementBody, "measurements/new", "New measurement", _measurement
)


@router.get(f"{OF_PATIENT}/{CONSENT.path}", operation_id="console.new-consent")
def new_consent(op: Consenting, patient_id: UUID) -> HTMLResponse:
    """Show the form for a patient's decision on treatment or on the use of data."""
    asked = {"given_by": "The patient", "obtained_by": whose(op).name, "obtained_at": _now(op)}
    return show(op, _sheet(op, CONSENT, patient_id), asked)


@router.post(f"{OF_PATIENT}/{CONSENT.path}", operation_id="console.create-consent")
def create_consent(op: Consenting, patient_id: UUID, form: LongForm) -> Response:
    """Store a patient's decision."""
    return _create(op, CONSENT, patient_id, form)


@router.get(f"{OF_PATIENT}/{EVENT.path}", operation_id="console.new-adverse-event")
def new_event(op: Reporting, patient_id: UUID) -> HTMLResponse:
    """Show the form for an adverse event or a close call."""
    return show(op, _sheet(op, EVENT, patient_id), {"occurred_at": _now(op)})


@router.post(f"{OF_PATIENT}/{EVENT.path}", operation_id="console.create-adverse-event")
def create_event(op: Reporting, patient_id: UUID, form: LongForm) -> Response:
    """Store an adverse event. A serious one raises an alert."""
    return _create(op, EVENT, patient_id, form)


@router.get(f"{OF_PATIENT}/{MEASURED.path}", operation_id="console.new-measurement")
def new_measurement(op: Measuring, patient_id: UUID) -> HTMLResponse:
    """Show the form for a value that was measured outside a visit."""
    return show(op, _sheet(op, MEASURED, patient_id), {"taken_at": _now(op)})


@router.post(f"{OF_PATIENT}/{MEASURED.path}", operation_id="console.create-measurement")
def create_measurement(op: Measuring, patient_id: UUID, form: LongForm) -> Response:
    """Store a measured value."""
    return _create(op, MEASURED, patient_id, form)


@router.get("/sessions/{id:uuid}/screenings/new", operation_id="console.new-screening")
def new_screening(op: Screening, id: UUID) -> HTMLResponse:
    """Show the questions before a session, and the decision."""
    codes = {
        f"answers.{row}.code": code
        for row, (code, _) in enumerate(words_to_choose(op, "contraindications"))
    }
    asked = {"decided_by": whose(op).name, "decided_at": _now(op)}
    return show(op, _screening(op, id), codes | asked)


@router.post("/sessions/{id:uuid}/screenings/new", operation_id="console.create-screening")
def create_screening(op: Screening, id: UUID, form: LongForm) -> Response:
    """Store the answers that were given before a session, and what was decided."""
    sheet = _screening(op, id)

    def work(read: Read) -> str:
        rows = read.members.get("answers", [])
        members = {
            **read.members,
            "session_id": id,
            "rule_set": RULE_SET,
            "answers": [row for row in rows if row.keys() - {"code"}],
        }
        create_one(op, SCREENINGS, access.body_of(ScreeningBody, members))
        return sheet.back

    return take(op, sheet, form, work)


def _screening(op: Operation, id: UUID) -> Sheet:
    session = record_for_answer(op, SESSIONS, id)
    answers = choices(words_of(ScreeningAnswer))
    asked = [
        Section(
            name,
            (
                Field(f"answers.{row}.answer", "Answer", "choice", answers),
                Field(f"answers.{row}.detail", "Detail"),
                Field(f"answers.{row}.code", "Code", "hidden"),
            ),
            row=f"answers.{row}",
            is_fixed=True,
        )
        for row, (_, name) in enumerate(words_to_choose(op, "contraindications"))
    ]
    decision = Section(
        "The decision",
        (
            Field(
                "decision",
                "Decision",
                "choice",
                choices(words_of(ScreeningDecision)),
                required=True,
            ),
            Field("decided_by", "Who decided", required=True),
            Field("decided_at", "When", "moment", required=True),
            Field("override_reason", "Why it goes on in spite of an answer", "text"),
        ),
    )
    return Sheet(
        "Screening before the session",
        f"{SESSIONS_AT}/{id}/screenings/new",
        [*asked, decision],
        "Store the screening",
        chart_of(op, session["patient_id"]),
        patient=_person(op, session["patient_id"]),
        lead="Questions without an answer are not stored.",
    )


def _sheet(op: Operation, writes: Writes, patient_id: UUID) -> Sheet:
    return Sheet(
        writes.title,
        f"{pages.HOME}/patients/{patient_id}/{writes.path}",
        writes.sections(op, patient_id),
        "Store it",
        chart_of(op, patient_id),
        patient=_person(op, patient_id),
        more={"muscles": NAMES},
    )


def _create(op: Operation, writes: Writes, patient_id: UUID, form: Mapping[str, str]) -> Response:
    sheet = _sheet(op, writes, patient_id)

    def work(read: Read) -> str:
        members = {**read.members, "patient_id": patient_id}
        create_one(op, writes.kind, access.body_of(writes.body, members))
        return sheet.back

    return take(op, sheet, form, work)


def _person(op: Operation, patient_id: UUID) -> Any:
    return plain(record_for_answer(op, PATIENTS, patient_id))


def _now(op: Operation) -> str:
    """Return now on the clinic's clock, as a field has it."""
    return op.at.astimezone(op.zone).replace(tzinfo=None).isoformat(timespec="minutes")
