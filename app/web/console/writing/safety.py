"""Consents, adverse events and measurements are written and corrected in the console."""

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
from app.core.values.faults import Fault
from app.core.values.vocabularies import words_of
from app.core.values.wire import Body
from app.measurements.schemas import MeasurementBody
from app.measurements.service import MEASUREMENTS
from app.measurements.views import MeasurementPhase
from app.notes.rules.beside import GIVEN_BY
from app.patients.service import PATIENTS
from app.records.kinds import Kind
from app.records.queries import record_for_answer
from app.records.service import create_one, patch
from app.safety.schemas import AdverseEventBody, ConsentBody
from app.safety.service import ADVERSE_EVENTS, CONSENTS
from app.safety.views import ConsentDecision, ConsentForm, ConsentKind, MessageChannel
from app.sessions.service import SESSIONS
from app.vocabularies.rules import Severity
from app.web.console import access, correcting, pages
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.correcting import Corrected
from app.web.console.framing import whose
from app.web.console.wording import consent_words
from app.web.console.writing import risks
from app.web.console.writing.courses import words_to_choose
from app.web.console.writing.fields import Field, Read, changed, texts
from app.web.console.writing.muscles import NAMES
from app.web.console.writing.people import chart_of, choices
from app.web.console.writing.serious import of_patient, store_event, warning
from app.web.console.writing.session_fields import (
    MEASURE,
    MEASURE_FURTHER,
    SIDES,
    with_movements,
)
from app.web.console.writing.sheets import BOXES, Again, Section, Sheet, show, take
from app.web.console.writing.visits import episodes, visits_to_choose

OF_PATIENT: Final = "/patients/{patient_id:uuid}"
KINDS: Final = tuple(kind for kind in words_of(ConsentKind) if kind != "messages")
"""What the form of a consent is about. The chart asks about messages."""
CAUSALITY: Final = ("certain", "probable", "possible", "unlikely", "unknown")
router = APIRouter(prefix=pages.HOME, include_in_schema=False, route_class=Route)


def _writing(*scopes: Scope) -> Any:
    return Depends(Authorize(*scopes, Scope.PATIENTS_READ, identify=by_cookie))


Consenting = Annotated[Operation, _writing(Scope.CONSENTS_WRITE)]
Reporting = Annotated[Operation, _writing(Scope.ADVERSE_EVENTS_WRITE)]
ReportingOf = Annotated[Operation, _writing(Scope.ADVERSE_EVENTS_WRITE, Scope.SESSIONS_READ)]
Measuring = Annotated[Operation, _writing(Scope.MEASUREMENTS_WRITE)]
MeasuringOf = Annotated[Operation, _writing(Scope.MEASUREMENTS_WRITE, Scope.SESSIONS_READ)]


class Writes(NamedTuple):
    """A kind of record that a form makes for a patient, and corrects."""

    kind: Kind[Any, Any]
    body: type[Body]
    folder: str
    title: str
    sections: Callable[[Operation, UUID, Mapping[str, Any]], list[Section]]
    """Its fields. They know the record that is corrected, as JSON; it is empty for a new one."""
    correcting: Corrected

    @property
    def new(self) -> str:
        """The last steps of the path of the form for a new record."""
        return f"{self.folder}/new"


def _consent(op: Operation, patient_id: UUID, stored: Mapping[str, Any]) -> list[Section]:
    messages = Section(
        "Messages",
        (
            Field("channel", "How", "choice", choices(words_of(MessageChannel))),
            Field("address", "Address"),
        ),
    )
    return [
        *([messages] if stored.get("kind") == "messages" else []),
        Section(
            "The decision",
            (
                # One conversation may be about several kinds; each is a record of its own.
                Field(
                    *("kind", "Consent to", "choice" if "kind" in stored else "codes"),
                    tuple((kind, consent_words(kind).capitalize()) for kind in KINDS),
                    required=True,
                ),
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
                Field(
                    *("risks_disclosed", "Risks", "codes", words_to_choose(op, "event_kinds")),
                    others="Other risks, with commas",
                ),
                Field("patient_specific_risks", "Risks of this patient", "text"),
                Field("alternatives_discussed", "Alternatives", "text"),
            ),
            button=risks.BUTTON,
        ),
    ]


def _event(op: Operation, patient_id: UUID, stored: Mapping[str, Any]) -> list[Section]:
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
                _visit(op, patient_id, stored),
                Field("episode_id", "Episode", "choice", episodes(op, patient_id)),
                Field("description", "What happened, in words", "text", required=True),
                Field("action", "What was done", "text"),
                Field("outcome", "How it ended", "text"),
            ),
        )
    ]


def _measurement(op: Operation, patient_id: UUID, stored: Mapping[str, Any]) -> list[Section]:
    phase = Field("phase", "When", "choice", choices(words_of(MeasurementPhase)), required=True)
    taken = Field("taken_at", "Measured", "moment", required=True)
    episode = Field("episode_id", "Episode", "choice", episodes(op, patient_id))
    visit = _visit(op, patient_id, stored)
    further = with_movements(MEASURE_FURTHER, words_to_choose(op, "movements"))
    return [Section("The value", (phase, *MEASURE[1:], taken, visit, episode), further)]


def _visit(op: Operation, patient_id: UUID, stored: Mapping[str, Any]) -> Field:
    """Return the field for the visit that a record belongs to."""
    visits = dict(visits_to_choose(op, patient_id))
    named = stored.get("session_id")
    if named is not None:
        visits.setdefault(str(named), "As stored")
    return Field("session_id", "Belongs to the visit", "choice", tuple(visits.items()))


CONSENT: Final = Writes(CONSENTS, ConsentBody, "consents", "consent", _consent, correcting.CONSENT)
EVENT: Final = Writes(
    *(ADVERSE_EVENTS, AdverseEventBody, "adverse-events", "adverse event", _event),
    correcting.EVENT,
)
MEASURED: Final = Writes(
    *(MEASUREMENTS, MeasurementBody, "measurements", "measurement", _measurement),
    correcting.MEASUREMENT,
)


@router.get(f"{OF_PATIENT}/{CONSENT.new}", operation_id="console.new-consent")
def new_consent(op: Consenting, patient_id: UUID) -> HTMLResponse:
    """Show the form for a patient's decision on treatment or on the use of data."""
    asked = {
        "given_by": GIVEN_BY,
        "obtained_by": whose(op).in_records,
        "obtained_at": now_on_clock(op),
    }
    return show(op, _sheet(op, CONSENT, patient_id, {}), asked)


@router.post(f"{OF_PATIENT}/{CONSENT.new}", operation_id="console.create-consent")
def create_consent(op: Consenting, patient_id: UUID, form: LongForm) -> Response:
    """Store a patient's decision."""
    return _create(op, CONSENT, patient_id, form)


@router.get(f"{OF_PATIENT}/{EVENT.new}", operation_id="console.new-adverse-event")
def new_event(op: Reporting, patient_id: UUID) -> HTMLResponse:
    """Show the form for an adverse event or a close call."""
    return show(op, _sheet(op, EVENT, patient_id, {}), {"occurred_at": now_on_clock(op)})


@router.post(f"{OF_PATIENT}/{EVENT.new}", operation_id="console.create-adverse-event")
def create_event(op: Reporting, patient_id: UUID, form: LongForm) -> Response:
    """Store an adverse event. A serious one raises an alert."""
    return _create(op, EVENT, patient_id, form)


@router.get(f"{OF_PATIENT}/{MEASURED.new}", operation_id="console.new-measurement")
def new_measurement(op: Measuring, patient_id: UUID) -> HTMLResponse:
    """Show the form for a value that was measured outside a visit."""
    return show(op, _sheet(op, MEASURED, patient_id, {}), {"taken_at": now_on_clock(op)})


@router.post(f"{OF_PATIENT}/{MEASURED.new}", operation_id="console.create-measurement")
def create_measurement(op: Measuring, patient_id: UUID, form: LongForm) -> Response:
    """Store a measured value."""
    return _create(op, MEASURED, patient_id, form)


@router.get("/sessions/{id:uuid}/adverse-events/new", operation_id="console.new-event-of-session")
def new_event_of_session(op: ReportingOf, id: UUID) -> HTMLResponse:
    """Show the form for an adverse event of a visit. It is sent to the patient's own."""
    return _of_session(op, EVENT, id, {"occurred_at": now_on_clock(op)})


@router.get(
    "/sessions/{id:uuid}/measurements/new", operation_id="console.new-measurement-of-session"
)
def new_measurement_of_session(op: MeasuringOf, id: UUID) -> HTMLResponse:
    """Show the form for a value that belongs to a visit. It is sent to the patient's own."""
    return _of_session(op, MEASURED, id, {"taken_at": now_on_clock(op)})


def _of_session(op: Operation, writes: Writes, id: UUID, asked: Mapping[str, str]) -> HTMLResponse:
    session = record_for_answer(op, SESSIONS, id)
    stored = {"session_id": str(id), "episode_id": session["episode_id"]}
    sheet = _sheet(op, writes, session["patient_id"], stored)
    return show(op, sheet, {**asked, **{name: str(it or "") for name, it in stored.items()}})


def _sheet(op: Operation, writes: Writes, patient_id: UUID, stored: Mapping[str, Any]) -> Sheet:
    return Sheet(
        f"New {writes.title}",
        f"{pages.HOME}/patients/{patient_id}/{writes.new}",
        writes.sections(op, patient_id, stored),
        "Store it",
        chart_of(op, patient_id),
        patient=person(op, patient_id),
        more={"muscles": NAMES},
        longer=_longer(writes),
    )


def _longer(writes: Writes) -> list[tuple[str, str, str]]:
    """Return the button that asks for the boxes of a questionnaire, for a measurement."""
    return [(*BOXES, "items")] if writes.kind is MEASUREMENTS else []


def _create(op: Operation, writes: Writes, patient_id: UUID, form: Mapping[str, str]) -> Response:
    sheet = _sheet(op, writes, patient_id, {"session_id": form.get("session_id") or None})
    sheet, form = risks.with_usual(sheet, form)

    def work(read: Read) -> str:
        members = {**read.members, "patient_id": patient_id}
        for each in _each_kind(members):
            body = access.body_of(writes.body, each)
            if isinstance(body, AdverseEventBody):
                store_event(op, patient_id, body)
            else:
                create_one(op, writes.kind, body)
        return sheet.back

    return take(op, sheet, form, work, again=_again(op, writes, patient_id, None, form))


def _again(
    op: Operation, writes: Writes, patient_id: UUID, id_: UUID | None, form: Mapping[str, str]
) -> Callable[[Sheet, list[Fault]], Again] | None:
    """Return what shows a refused form again: the alert about a serious event is raised."""
    if writes.kind is not ADVERSE_EVENTS:
        return None
    source = of_patient(patient_id) if id_ is None else (ADVERSE_EVENTS.noun, id_)
    return warning(op, source, patient_id, form)


def _each_kind(members: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is stored: a record for each kind that was ticked, if several may be."""
    kinds = members.get("kind")
    return [members | {"kind": kind} for kind in kinds] if isinstance(kinds, list) else [members]


def _add_corrections(writes: Writes) -> None:
    """Add the form that corrects a record of this kind."""
    page = f"/{writes.correcting.folder}/{{id:uuid}}/edit"
    correcting = Depends(Authorize(*writes.correcting.scopes, identify=by_cookie))

    @router.get(page, operation_id=f"console.edit-{writes.kind.singular.replace('_', '-')}")
    def edit(op: Annotated[Operation, correcting], id: UUID) -> HTMLResponse:
        """Show the form with what is stored."""
        sheet = _edit(op, writes, id)
        return show(op, sheet, sheet.stored)

    @router.post(page, operation_id=f"console.change-{writes.kind.singular.replace('_', '-')}")
    def change(op: Annotated[Operation, correcting], id: UUID, form: LongForm) -> Response:
        """Store what was changed."""
        sheet, filled = risks.with_usual(_edit(op, writes, id), form)

        def work(read: Read) -> str:
            patch(op, writes.kind, id, changed(sheet.fields, filled, sheet.stored, read))
            return sheet.back

        patient_id = UUID(str((sheet.patient or {})["id"]))
        return take(op, sheet, filled, work, again=_again(op, writes, patient_id, id, form))


for _one in (CONSENT, EVENT, MEASURED):
    _add_corrections(_one)


def _edit(op: Operation, writes: Writes, id: UUID) -> Sheet:
    stored: Mapping[str, Any] = plain(record_for_answer(op, writes.kind, id))
    patient_id = UUID(stored["patient_id"])
    sheet = Sheet(
        f"Correct the {writes.title}",
        writes.correcting.page(id),
        writes.sections(op, patient_id, stored),
        "Store the changes",
        chart_of(op, patient_id),
        patient=person(op, patient_id),
        noun=writes.kind.noun,
        record_id=id,
        version=stored["version"],
        more={"muscles": NAMES},
        longer=_longer(writes),
    )
    return sheet._replace(stored=texts(sheet.fields, stored, op.zone))


def person(op: Operation, patient_id: UUID) -> Any:
    """Return the patient whom a form is about, as JSON."""
    return plain(record_for_answer(op, PATIENTS, patient_id))


def now_on_clock(op: Operation) -> str:
    """Return now on the clinic's clock, as a field has it."""
    return op.at.astimezone(op.zone).replace(tzinfo=None).isoformat(timespec="minutes")
