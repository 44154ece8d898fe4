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
from app.core.values.vocabularies import words_of
from app.notes.rules.beside import OF_CONSOLE
from app.records.queries import record_for_answer
from app.records.service import create_one, patch
from app.safety.schemas import ScreeningBody
from app.safety.service import SCREENINGS
from app.safety.views import ScreeningDecision
from app.sessions.service import SESSIONS
from app.vocabularies.rules import ScreeningAnswer
from app.web.console import access, correcting, pages
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.framing import whose
from app.web.console.writing.courses import words_to_choose
from app.web.console.writing.fields import Field, Read, changed, texts
from app.web.console.writing.people import chart_of, choices
from app.web.console.writing.safety import now_on_clock, person
from app.web.console.writing.sheets import Section, Sheet, show, take
from app.web.console.writing.visits import SESSIONS_AT

RULE_SET: Final = OF_CONSOLE
"""The name of the set of questions that the form has: the clinic's vocabulary."""
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
Correcting = Annotated[
    Operation, Depends(Authorize(*correcting.SCREENING.scopes, identify=by_cookie))
]
router = APIRouter(prefix=pages.HOME, include_in_schema=False, route_class=Route)


class Question(NamedTuple):
    """What a row of the form asks."""

    code: str
    name: str


@router.get(NEW, operation_id="console.new-screening")
def new_screening(op: Screening, id: UUID) -> HTMLResponse:
    """Show the questions before a session, and the decision."""
    asked = _questions(op)
    decided = {"decided_by": whose(op).name, "decided_at": now_on_clock(op)}
    return show(op, _new(op, id, asked), _codes(asked) | decided)


@router.post(NEW, operation_id="console.create-screening")
def create_screening(op: Screening, id: UUID, form: LongForm) -> Response:
    """Store the answers that were given before a session, and what was decided."""
    sheet = _new(op, id, _questions(op))

    def work(read: Read) -> str:
        members = {"answers": [], **read.members, "session_id": id, "rule_set": RULE_SET}
        create_one(op, SCREENINGS, access.body_of(ScreeningBody, members))
        return sheet.back

    return take(op, sheet, form, work)


@router.get(EDIT, operation_id="console.edit-screening")
def edit_screening(op: Correcting, id: UUID) -> HTMLResponse:
    """Show a screening's answers, the questions without one, and the decision."""
    sheet = _edit(op, id)
    return show(op, sheet, sheet.stored)


@router.post(EDIT, operation_id="console.change-screening")
def change_screening(op: Correcting, id: UUID, form: LongForm) -> Response:
    """Correct a screening."""
    sheet = _edit(op, id)

    def work(read: Read) -> str:
        found = changed(sheet.fields, form, sheet.stored, read)
        if "answers" in found:
            found["answers"] = found["answers"] or []
        patch(op, SCREENINGS, id, found)
        return sheet.back

    return take(op, sheet, form, work)


def _questions(op: Operation, answered: Sequence[Mapping[str, Any]] = ()) -> list[Question]:
    """Return what was answered, in its order, and after it the clinic's other questions."""
    offered = dict(words_to_choose(op, "contraindications"))
    stored = [one["code"] for one in answered]
    codes = [*stored, *(code for code in offered if code not in stored)]
    return [Question(code, offered.get(code, code.replace("_", " "))) for code in codes]


def _codes(asked: Sequence[Question]) -> dict[str, str]:
    return {f"answers.{row}.code": one.code for row, one in enumerate(asked)}


def _new(op: Operation, id: UUID, asked: Sequence[Question]) -> Sheet:
    session = record_for_answer(op, SESSIONS, id)
    page = f"{SESSIONS_AT}/{id}/screenings/new"
    title, button = "Screening before the session", "Store the screening"
    return _sheet(op, page, title, button, session["patient_id"], asked)


def _edit(op: Operation, id: UUID) -> Sheet:
    stored: Mapping[str, Any] = plain(record_for_answer(op, SCREENINGS, id))
    asked = _questions(op, stored["answers"])
    page = correcting.SCREENING.page(id)
    title, button = "Correct the screening", "Store the changes"
    sheet = _sheet(op, page, title, button, UUID(stored["patient_id"]), asked)
    return sheet._replace(
        noun=SCREENINGS.noun,
        record_id=id,
        version=stored["version"],
        stored=texts(sheet.fields, stored, op.zone) | _codes(asked),
    )


def _sheet(
    op: Operation, page: str, title: str, button: str, patient_id: UUID, asked: Sequence[Question]
) -> Sheet:
    answers = choices(words_of(ScreeningAnswer))
    rows = [
        Section(
            one.name,
            (
                Field(f"answers.{row}.answer", "Answer", "choice", answers),
                Field(f"answers.{row}.detail", "Detail"),
                Field(f"answers.{row}.code", "Code", "about"),
            ),
            row=f"answers.{row}",
            is_fixed=True,
            style="half",
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
    )
    return Sheet(
        title,
        page,
        [*rows, decision],
        button,
        chart_of(op, patient_id),
        patient=person(op, patient_id),
        lead="Questions without an answer are not stored.",
    )
