"""`/console/patients/{id}/chart-summary` and `…/letter`: PDFs of a patient for a recipient."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse, Response

from app.core.db.database import Database
from app.core.http.authorize import Authorize
from app.core.http.forms import Form
from app.core.http.routing import Route, TheDatabase
from app.core.operation import Operation
from app.core.values.faults import Fault
from app.core.values.problems import Invalid
from app.core.values.vocabularies import words_of
from app.languages.queries import NOTES, languages
from app.languages.rules.choice import SOURCE, look_up
from app.patients.service import PATIENTS
from app.records.queries import record_for_answer
from app.summaries import service
from app.summaries.errors import ConsentMissing
from app.summaries.routes import in_print_thread, pdf_answer
from app.summaries.rules.release import RecipientKind
from app.summaries.schemas import ChartSummaryBody, LetterBody, ReleaseBody
from app.web.console import access, pages
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.kept import check_patient
from app.web.console.who import RELEASED
from app.web.console.writing.fields import Field, read_fields
from app.web.console.writing.people import chart_of, choices
from app.web.console.writing.sheets import Section, Sheet, faults_of, show, shown_again

AT: Final = f"{pages.HOME}/patients"
LANGUAGES: Final = tuple((each.tag, each.name) for each in languages(NOTES))
WITHOUT_CONSENT: Final = Fault(
    "/override_reason",
    "missing",
    "The patient has not agreed to this use of data. Record their consent, or give the reason to"
    " send it all the same. “Who looked” shows the reason.",
)


class Document(NamedTuple):
    """What is released: the last part of its page's address, its words, its body, its fields."""

    path: str
    title: str
    button: str
    body: type[ReleaseBody]
    more: tuple[Field, ...]


CHART: Final = Document(
    "chart-summary",
    "Chart as PDF",
    "Make the PDF",
    ChartSummaryBody,
    (
        Field(
            "detail",
            "Sessions",
            "choice",
            (("whole", "Every session whole"),),
            hint="If empty, of more than 24 sessions older ones have a line each.",
        ),
    ),
)
LETTER: Final = Document(
    "letter",
    "Letter as PDF",
    "Make the letter",
    LetterBody,
    (
        Field("address", "Their address, as printed", "lines", hint="It is not stored."),
        Field(
            *("language", "Language, as the recipient wants it", "choice", LANGUAGES),
            hint="It begins with the patient's, where letters have it.",
            required=True,
        ),
    ),
)
router = APIRouter(prefix=AT, include_in_schema=False, route_class=Route)
Releasing = Annotated[Operation, Depends(Authorize(*RELEASED.scopes, identify=by_cookie))]


@router.get("/{patient_id:uuid}/chart-summary", operation_id="console.chart-summary-form")
def chart_form(op: Releasing, patient_id: UUID) -> HTMLResponse:
    """Show the form to release a chart as a PDF."""
    return show(op, _sheet(op, patient_id, CHART), {})


@router.get("/{patient_id:uuid}/letter", operation_id="console.letter-form")
def letter_form(op: Releasing, patient_id: UUID) -> HTMLResponse:
    """Show the form to write a letter about a patient."""
    sheet = _sheet(op, patient_id, LETTER)
    spoken = (sheet.patient or {}).get("language")
    return show(op, sheet, {"language": look_up(spoken, dict(LANGUAGES)) or SOURCE})


@router.post("/{patient_id:uuid}/chart-summary", operation_id="console.chart-summary")
async def release_chart(
    op: Releasing, database: TheDatabase, patient_id: UUID, form: Form
) -> Response:
    """Release a chart as a PDF, as the API does."""
    return await in_print_thread(partial(_release, op, database, patient_id, form, CHART))


@router.post("/{patient_id:uuid}/letter", operation_id="console.letter")
async def release_letter(
    op: Releasing, database: TheDatabase, patient_id: UUID, form: Form
) -> Response:
    """Release a letter about a patient, as the API does."""
    return await in_print_thread(partial(_release, op, database, patient_id, form, LETTER))


def _release(
    op: Operation, database: Database, patient_id: UUID, form: Mapping[str, str], what: Document
) -> Response:
    check_patient(form, patient_id)
    with database.reading(op.clinic_id) as db:
        op.begin(db)
        read = read_fields(_fields(what), form, op.zone)
    try:
        body = access.body_of(what.body, read.members)
        return pdf_answer(service.release(op, database, patient_id, body), what.path)
    except (Invalid, ConsentMissing) as problem:
        refused = problem
    with database.reading(op.clinic_id) as db:
        op.begin(db)
        sheet, status = _sheet(op, patient_id, what), int(refused.status)
        return shown_again(op, sheet, form, _faults(op, refused), status)


def _faults(op: Operation, refused: Invalid | ConsentMissing) -> list[Fault]:
    return [WITHOUT_CONSENT] if isinstance(refused, ConsentMissing) else faults_of(refused, op.zone)


def _sheet(op: Operation, patient_id: UUID, what: Document) -> Sheet:
    person: Mapping[str, Any] = plain(record_for_answer(op, PATIENTS, patient_id))
    return Sheet(
        what.title,
        f"{AT}/{patient_id}/{what.path}",
        [Section("Who gets it, and why", _fields(what))],
        what.button,
        chart_of(op, patient_id),
        patient=person,
        lead="“Who looked” shows to whom it went, and why.",
    )


def _fields(what: Document) -> tuple[Field, ...]:
    kinds = choices(words_of(RecipientKind))
    return (
        Field("recipient.kind", "Who gets it", "choice", kinds, required=True),
        Field("recipient.name", "Their name", hint="Left empty for the patient."),
        Field("purpose", "What they need it for", required=True),
        *what.more,
        Field("override_reason", "Why it goes without the patient's consent, if it does", "text"),
    )
