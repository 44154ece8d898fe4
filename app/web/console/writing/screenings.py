"""Screenings before a session: the clinic's questions and the decision, written and corrected."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse, Response

from app.core.http.authorize import Authorize
from app.core.http.forms import LongForm
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.clock import clinic_day
from app.core.values.faults import Fault
from app.core.values.problems import Invalid
from app.core.values.vocabularies import words_of
from app.notes.rules.beside import OF_CONSOLE
from app.records.queries import record_for_answer
from app.records.service import create_one, patch
from app.safety import queries as safety
from app.safety.rules import contradicting
from app.safety.schemas import LIST_MAX, ScreeningBody
from app.safety.service import SCREENINGS
from app.safety.views import ScreeningDecision
from app.sessions.schemas import SessionBody
from app.sessions.service import SESSIONS
from app.vocabularies.queries import Words
from app.vocabularies.rules import ScreeningAnswer
from app.web.console import access, correcting, pages
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.framing import whose
from app.web.console.heed import name_of
from app.web.console.writing.courses import words_to_choose
from app.web.console.writing.fields import Field, Read, changed, texts
from app.web.console.writing.people import NOBODY, chart_of, choices
from app.web.console.writing.safety import now_on_clock, person
from app.web.console.writing.sheets import MORE_ROWS, Again, Section, Sheet, show, take
from app.web.console.writing.visits import (
    SESSIONS_AT,
    beginning,
    drafts_of_today,
    next_of,
    people,
)

RULE_SET: Final = OF_CONSOLE
"""The name of the set of questions that the form has: the clinic's vocabulary."""
NO_TO_OTHERS: Final = "no"
"""The value of the button that answers every other question."""
NO: Final = (NO_TO_OTHERS, "No to all others")
NEW_VISIT: Final = "new"
CHOOSE: Final = "Choose one of those that are offered."
BEGUN: Final = (
    "A draft of today was begun after you opened this form. Choose it, or store again for a new"
    " draft."
)
BEFORE: Final = "/patients/{patient_id:uuid}/screenings/new"
NEW: Final = "/sessions/{id:uuid}/screenings/new"
EDIT: Final = f"/{correcting.SCREENING.folder}/{{id:uuid}}/edit"
Screening = Annotated[
    Operation,
    Depends(
        Authorize(
            *(Scope.SCREENINGS_WRITE, Scope.SESSIONS_READ, Scope.PATIENTS_READ), identify=by_cookie
        )
    ),
]
Beginning = Annotated[
    Operation,
    Depends(
        Authorize(
            *(Scope.SCREENINGS_WRITE, Scope.SESSIONS_WRITE, Scope.SESSIONS_READ),
            Scope.PATIENTS_READ,
            identify=by_cookie,
        )
    ),
]
Correcting = Annotated[
    Operation, Depends(Authorize(*correcting.SCREENING.scopes, identify=by_cookie))
]
router = APIRouter(prefix=pages.HOME, include_in_schema=False, route_class=Route)


class Question(NamedTuple):
    """What a row of the form asks."""

    code: str
    name: str
    recorded: str = ""
    """A recorded event that a "no" would contradict, in words."""


@router.get(NEW, operation_id="console.new-screening")
def new_screening(op: Screening, id: UUID) -> HTMLResponse:
    """Show the questions before a session, and the decision."""
    session = record_for_answer(op, SESSIONS, id)
    asked = _questions(op, session["patient_id"])
    return show(op, _new(op, session, asked), _beginning(op, asked))


@router.post(NEW, operation_id="console.create-screening")
def create_screening(op: Screening, id: UUID, form: LongForm) -> Response:
    """Store the answers before a session, and go on to it, or to the chart if it is deferred."""
    session = record_for_answer(op, SESSIONS, id)
    asked = _questions(op, session["patient_id"])

    def work(read: Read) -> str:
        _store(op, read.members, id)
        if _is_deferred(read.members):
            return chart_of(op, session["patient_id"])
        is_draft = session["status"] == "draft"
        return next_of(op, id, session["patient_id"]) if is_draft else f"{SESSIONS_AT}/{id}"

    sheet, filled = _with_no(_new(op, session, asked), form, asked)
    return take(op, sheet, filled, work, "screened")


@router.get(BEFORE, operation_id="console.new-screening-of-patient")
def new_screening_of_patient(op: Beginning, patient_id: UUID) -> HTMLResponse:
    """Show the questions before there is a session: one of today, or a new one, belongs to them."""
    asked = _questions(op, patient_id)
    offered = _offered(op, patient_id)
    newest = [*offered["offered"].split(), NEW_VISIT][0]
    own = {"session_id": newest, "practitioner_id": op.caller.practitioner_id}
    chosen = {name: str(it or "") for name, it in own.items()} | offered
    return show(op, _before(op, patient_id, asked), _beginning(op, asked) | chosen)


@router.post(BEFORE, operation_id="console.create-screening-of-patient")
def create_screening_of_patient(op: Beginning, patient_id: UUID, form: LongForm) -> Response:
    """Store a screening with its session's draft. Go on to that, or to the chart if deferred."""
    asked = _questions(op, patient_id)

    def work(read: Read) -> str:
        members = {**read.members}
        own = members.pop("practitioner_id", None)
        id = members.pop("session_id", NEW_VISIT)
        known = members.pop("offered", "").split()
        drafts = dict(drafts_of_today(op, patient_id))
        if id == NEW_VISIT:
            if not drafts.keys() <= set(known):
                raise Invalid([Fault("/session_id", "possible_duplicate", BEGUN)])
            begun = {**beginning(op, patient_id), "practitioner_id": own, "occurred_at": op.at}
            filled = {name: value for name, value in begun.items() if value}
            body: SessionBody = access.body_of(SessionBody, {**filled, "patient_id": patient_id})
            _check(members)
            id = str(create_one(op, SESSIONS, body)[0]["id"])
        elif id not in drafts:
            raise Invalid([Fault("/session_id", "uuid_type", CHOOSE)])
        _store(op, members, id)
        is_deferred = _is_deferred(members)
        return chart_of(op, patient_id) if is_deferred else f"{SESSIONS_AT}/{id}/edit"

    def again(sheet: Sheet, faults: list[Fault]) -> Again:
        return Again(sheet, faults, _offered(op, patient_id))

    sheet, filled = _with_no(_before(op, patient_id, asked), form, asked)
    return take(op, sheet, filled, work, "screened", again)


def _offered(op: Operation, patient_id: UUID) -> dict[str, str]:
    """Return which drafts the form offers: another one may be begun before the form is sent."""
    return {"offered": " ".join(id for id, _ in drafts_of_today(op, patient_id))}


def _check(members: Mapping[str, Any]) -> None:
    """Raise `Invalid` for a screening with faults, before its session is stored."""
    access.body_of(ScreeningBody, _whole(members, NOBODY))


def _store(op: Operation, members: Mapping[str, Any], id: Any) -> None:
    create_one(op, SCREENINGS, access.body_of(ScreeningBody, _whole(members, id)))


def _is_deferred(members: Mapping[str, Any]) -> bool:
    """Return whether nobody is to be needled now: then no form for needles follows."""
    return members.get("decision") == "deferred"


def _whole(members: Mapping[str, Any], id: Any) -> dict[str, Any]:
    return {"answers": [], **members, "session_id": id, "rule_set": RULE_SET}


def _beginning(op: Operation, asked: Sequence[Question]) -> dict[str, str]:
    decided = {"decided_by": whose(op).in_records, "decided_at": now_on_clock(op)}
    return _codes(asked) | decided


def _with_no(
    sheet: Sheet, form: Mapping[str, str], asked: Sequence[Question]
) -> tuple[Sheet, dict[str, str]]:
    """Return a form with "no" to each question without an answer, if the person asked for it.

    A question stays open if a "no" would contradict what is recorded. The page says all this.
    """
    if form.get(MORE_ROWS) != NO_TO_OTHERS:
        return sheet, dict(form)
    names = {f"answers.{row}.answer": one for row, one in enumerate(asked)}
    open_ = {name: one for name, one in names.items() if not form.get(name)}
    filled = {name: "no" for name, one in open_.items() if not one.recorded}
    number = "1 question" if len(filled) == 1 else f"{len(filled)} questions"
    told = [
        f"{number} without an answer: now \u201cno\u201d.",
        *(
            f"Still without an answer: {one.name}. {one.recorded}"
            for one in open_.values()
            if one.recorded
        ),
        "Nothing is stored yet. Look at the answers, decide, and store them.",
    ]
    more = {**sheet.more, "filled": told, "go_on": ("decision", "Go on to the decision")}
    return sheet._replace(more=more), {**form, **filled}


@router.get(EDIT, operation_id="console.edit-screening")
def edit_screening(op: Correcting, id: UUID) -> HTMLResponse:
    """Show a screening's answers, the questions without one, and the decision."""
    sheet, _ = _edit(op, id, {})
    return show(op, sheet, sheet.stored)


@router.post(EDIT, operation_id="console.change-screening")
def change_screening(op: Correcting, id: UUID, form: LongForm) -> Response:
    """Correct a screening."""
    sheet, asked = _edit(op, id, form)
    sheet, form = _with_no(sheet, form, asked)

    def work(read: Read) -> str:
        found = changed(sheet.fields, form, sheet.stored, read)
        if "answers" in found:
            found["answers"] = found["answers"] or []
        patch(op, SCREENINGS, id, found)
        return sheet.back

    return take(op, sheet, form, work)


def _questions(op: Operation, patient_id: UUID, first: Sequence[str] = ()) -> list[Question]:
    """Return the questions with these codes, in their order, and then the clinic's others."""
    offered = dict(words_to_choose(op, "contraindications"))
    codes = [*first, *(code for code in offered if code not in first)]
    may, words = op.caller.may(Scope.ADVERSE_EVENTS_READ), Words(op, inactive=True)
    events = safety.events(op, patient_id) if may else []

    def recorded(code: str) -> str:
        event = contradicting(events, code)
        if event is None:
            return ""
        day = clinic_day(event["occurred_at"], op.zone)
        return f"Recorded: {name_of(words, 'event_kinds', event['kind'])}, {day}."

    return [
        Question(code, offered.get(code, code.replace("_", " ")), recorded(code)) for code in codes
    ]


def _codes(asked: Sequence[Question]) -> dict[str, str]:
    return {f"answers.{row}.code": one.code for row, one in enumerate(asked)}


def _new(op: Operation, session: Any, asked: Sequence[Question]) -> Sheet:
    page = f"{SESSIONS_AT}/{session['id']}/screenings/new"
    title, button = "Screening before the session", "Store the screening"
    sheet = _sheet(op, page, title, button, session["patient_id"], asked)
    return sheet._replace(back=f"{SESSIONS_AT}/{session['id']}")


def _before(op: Operation, patient_id: UUID, asked: Sequence[Question]) -> Sheet:
    page = f"{pages.HOME}/patients/{patient_id}/screenings/new"
    title, button = "Screening", "Store it, and go on to the session"
    sheet = _sheet(op, page, title, button, patient_id, asked)
    visits = (*drafts_of_today(op, patient_id), (NEW_VISIT, "A new draft, which begins now"))
    visit = Section(
        "The session",
        (
            Field("session_id", "Session", "choice", visits, required=True),
            Field(*("practitioner_id", "Practitioner of a new draft", "choice"), tuple(people(op))),
            Field("offered", "Drafts offered", "hidden"),
        ),
        style="half",
    )
    return sheet._replace(sections=[visit, *sheet.sections])


def _edit(op: Operation, id: UUID, form: Mapping[str, str]) -> tuple[Sheet, list[Question]]:
    """Return the form of a stored screening, and its questions.

    They stand in the order of a form that was sent: meanwhile somebody may have added answers.
    """
    stored: Mapping[str, Any] = plain(record_for_answer(op, SCREENINGS, id))
    sent = [form[name] for row in range(len(form)) if (name := f"answers.{row}.code") in form]
    codes = [one["code"] for one in stored["answers"]]
    known = {*codes, *(code for code, _ in words_to_choose(op, "contraindications"))}
    listed = [code for code in sent if code in known][:LIST_MAX] or codes
    left = list(codes)
    for code in listed:
        if code in left:
            left.remove(code)
    asked = _questions(op, UUID(stored["patient_id"]), [*listed, *left])
    page = correcting.SCREENING.page(id)
    title, button = "Correct the screening", "Store the changes"
    sheet = _sheet(op, page, title, button, UUID(stored["patient_id"]), asked)

    def in_texts(view: Mapping[str, Any]) -> dict[str, str]:
        aligned = {**view, "answers": _aligned(asked, view["answers"])}
        return texts(sheet.fields, aligned, op.zone) | _codes(asked)

    shown = sheet._replace(
        noun=SCREENINGS.noun,
        record_id=id,
        version=stored["version"],
        stored=in_texts(stored),
        in_texts=in_texts,
    )
    return shown, asked


def _aligned(
    asked: Sequence[Question], answers: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return the answers in the order of the questions, with an empty one where there is none."""
    left = list(answers)
    rows: list[Mapping[str, Any]] = []
    for question in asked:
        found = next((one for one in left if one["code"] == question.code), None)
        if found is not None:
            left.remove(found)
        rows.append(found or {})
    return rows


def _sheet(
    op: Operation, page: str, title: str, button: str, patient_id: UUID, asked: Sequence[Question]
) -> Sheet:
    answers = (*choices(words_of(ScreeningAnswer)), ("", "Not asked"))
    rows = [
        Section(
            one.name,
            (
                Field(f"answers.{row}.answer", one.name, "pick", answers, hint=one.recorded),
                Field(f"answers.{row}.code", "Code", "about"),
            ),
            (Field(f"answers.{row}.detail", "Detail"),),
            row=f"answers.{row}",
            is_fixed=True,
            style="line",
        )
        for row, one in enumerate(asked)
    ]
    decisions = choices(words_of(ScreeningDecision))
    decision = Section(
        "The decision",
        (
            Field("decision", "Decision", "choice", decisions, required=True),
            Field("decided_by", "Who decided", required=True),
            Field("decided_at", "When", "moment", required=True),
            Field("override_reason", "Why it goes on in spite of an answer", "text"),
        ),
        button=NO,
    )
    return Sheet(
        title,
        page,
        [Section("The questions", (), button=NO), *rows, decision],
        button,
        chart_of(op, patient_id),
        patient=person(op, patient_id),
        lead="Questions that were not asked are not stored. \u201cNo to all others\u201d fills"
        " those without an answer, for you to look at before you store them.",
    )
