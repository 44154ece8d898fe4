"""`/console/patients/new` and `…/edit`: a patient is added, and changed."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final, NamedTuple, cast
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse, Response

from app.core.http.authorize import Authorize
from app.core.http.forms import LongForm
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.faults import Fault
from app.core.values.names import full_name
from app.core.values.problems import Invalid
from app.core.values.vocabularies import words_of
from app.languages.queries import DOMAIN, languages
from app.patients.queries import resembling
from app.patients.rules.likeness import Near, Person
from app.patients.rules.written_dates import readings
from app.patients.schemas import PatientBody
from app.patients.service import PATIENTS
from app.patients.views import PatientStatus, PatientView, Sex
from app.records.errors import IdentifierTaken
from app.records.queries import record_for_answer, records_for_answer
from app.records.service import create_one, patch
from app.web.console import access, pages
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.framing import whose
from app.web.console.who import CHART
from app.web.console.wording import spelt
from app.web.console.writing.alike import WHY, Alike, check_seen, shown
from app.web.console.writing.fields import Field, Read, changed, texts
from app.web.console.writing.sheets import Again, Section, Sheet, show, take

NOBODY: Final = UUID(int=0)
NEAR: Final[Mapping[Near, str]] = {
    "same": "the same names",
    "similar": "the same names but for one letter",
    "in_part": "a part of the names is the same",
}
DATES: Final = {
    "agree": "and it may be the same birth date",
    "mistyped": "and a birth date that a typing error may have made another",
    "unknown": "and no birth date on one side to tell them apart",
}
RESEMBLES: Final = (
    "They may be stored already. Open the chart below, or tick that it is another person."
)


class Found(NamedTuple):
    """Why a stored patient is shown beside a new one."""

    why: str
    holds: bool = False
    """Whether a number of the new one is theirs. A tick doesn't help then."""


HOW_BORN: Final = (
    "Write it as 1988-04-12, 12.4.1988 or 12 April 1988; or only 1988-04 or 1988 where no more is"
    " known."
)
HERE: Final = f"{pages.HOME}/patients"
Writing = Annotated[
    Operation,
    Depends(Authorize(Scope.PATIENTS_WRITE, Scope.PATIENTS_READ, identify=by_cookie)),
]
router = APIRouter(prefix=HERE, include_in_schema=False, route_class=Route)


def choices(words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return fixed words as choices of a field."""
    return tuple((word, spelt(word)) for word in words)


def chart_of(op: Operation, patient_id: Any) -> str:
    """Return the path of a patient's chart, or of their details for those who may not open it."""
    chart = f"{HERE}/{patient_id}"
    return chart if whose(op).opens(CHART.label) else f"{chart}/details"


NAMES: Final = Section(
    "Who they are",
    (
        Field("given_name", "First names"),
        Field("family_name", "Last name"),
        Field(
            *("birth_date", "Birth date", "birth"),
            hint="1988-04-12 or 12.4.1988, or only 1988-04 or 1988.",
        ),
        Field("sex", "Sex", "choice", choices(words_of(Sex))),
    ),
)


def _reaching() -> Section:
    spoken = tuple((one.tag, one.name) for one in languages(DOMAIN))
    return Section(
        "How to reach them",
        (
            Field("phone", "Telephone"),
            Field("email", "E-mail"),
            Field("language", "Language", "choice", spoken),
        ),
    )


def numbers(count: int) -> list[Section]:
    """Return a section for each number by which another system calls a record."""
    return [
        Section(
            f"Number {row + 1} in another system",
            (
                Field(f"identifiers.{row}.system", "System", hint="Such as the name of the EMR."),
                Field(f"identifiers.{row}.value", "Number"),
            ),
            row=f"identifiers.{row}",
        )
        for row in range(count)
    ]


STATE: Final = Section(
    "State",
    (
        Field("status", "Status", "choice", choices(words_of(PatientStatus))),
        Field("deceased_on", "Died on", "day"),
    ),
)


@router.get("/new", operation_id="console.new-patient")
def new_patient(op: Writing) -> HTMLResponse:
    """Show the form for a new patient."""
    return show(op, _new(), {})


@router.post("/new", operation_id="console.create-patient")
def create_patient(op: Writing, form: LongForm) -> Response:
    """Add a patient, and go to their chart. Those whom they resemble are shown before."""
    found: dict[UUID, Found] = {}
    tick = "It is another person: add them all the same"

    def work(read: Read) -> str:
        _require_name(read)
        body: PatientBody = access.body_of(PatientBody, read.members)
        found.update(_resembled(op, body))
        check_seen(form, found, RESEMBLES)
        with _naming_holder(found):
            view, _ = create_one(op, PATIENTS, body)
        return chart_of(op, view["id"])

    def again(sheet: Sheet, faults: list[Fault]) -> Again:
        return _again(op, sheet, faults, form, found, tick)

    return take(op, _new(), form, work, again=again)


@contextmanager
def _naming_holder(found: dict[UUID, Found]) -> Iterator[None]:
    """Put into `found` whose the number is, if it belongs to another patient."""
    try:
        yield
    except IdentifierTaken as taken:
        found.clear()
        found[UUID(taken.members["holder_id"])] = Found("this number is theirs", holds=True)
        raise


def _again(
    op: Operation,
    sheet: Sheet,
    faults: list[Fault],
    form: Mapping[str, str],
    found: Mapping[UUID, Found],
    tick: str,
) -> Again:
    """Return the form with those whom the patient resembles, or who has their number."""
    is_held = any(one.holds for one in found.values())
    more = shown(_alike(op, found), "" if is_held else tick)
    return Again(sheet._replace(more=more), [_worded(fault, form) for fault in faults], {})


def _worded(fault: Fault, form: Mapping[str, str]) -> Fault:
    """Return a fault with more particular words, for a number and for a birth date."""
    if fault.code == IdentifierTaken.code:
        detail = "Another patient has this number. Open them above, or correct the number."
        return fault._replace(detail=detail)
    if fault.pointer == "/birth_date" and fault.code == "date_parsing":
        dates = readings(form.get("birth_date", ""))
        detail = f"This may be {' or '.join(dates)}. Write it so." if dates[1:] else HOW_BORN
        return fault._replace(detail=detail)
    return fault


def _require_name(read: Read) -> None:
    """Raise `Invalid` for somebody without any name. The API takes them, such as from a device."""
    if not {"given_name", "family_name"} & read.members.keys():
        raise Invalid([Fault("/given_name", "missing", "Give a first name or a last name.")])


def _resembled(op: Operation, body: PatientBody) -> dict[UUID, Found]:
    """Return those whom a new patient resembles, each with why, the most alike first."""
    same = {one["id"]: Found(WHY[one["why"]]) for one in PATIENTS.duplicates(op, _as_view(body))}
    new = Person(NOBODY, (body.given_name, body.family_name), body.birth_date)
    near = {one.id: Found(f"{NEAR[one.names]}, {DATES[one.dates]}") for one in resembling(op, new)}
    return same | {id_: one for id_, one in near.items() if id_ not in same}


def _alike(op: Operation, found: Mapping[UUID, Found]) -> list[Alike]:
    """Return those whom a new patient resembles, as the page shows them."""
    people = {one["id"]: one for one in records_for_answer(op, PATIENTS, list(found))}
    return [
        Alike(
            str(id_),
            full_name(people[id_]["given_name"], people[id_]["family_name"]),
            people[id_]["birth_date"],
            chart_of(op, id_),
            one.why,
        )
        for id_, one in found.items()
    ]


def _as_view(body: PatientBody) -> PatientView:
    """Return what a new patient is compared by. Their id is nobody's yet."""
    members = {**body.model_dump(), "id": body.id or NOBODY}
    return cast("PatientView", members)


def _new() -> Sheet:
    sections = [NAMES, _reaching(), *numbers(1)]
    return Sheet(
        "New patient",
        f"{HERE}/new",
        sections,
        "Add the patient",
        pages.HOME,
    )


@router.get("/{patient_id:uuid}/edit", operation_id="console.edit-patient")
def edit_patient(op: Writing, patient_id: UUID) -> HTMLResponse:
    """Show the form for what is known of a patient."""
    sheet = _edit(op, patient_id)
    return show(op, sheet, sheet.stored)


@router.post("/{patient_id:uuid}/edit", operation_id="console.change-patient")
def change_patient(op: Writing, patient_id: UUID, form: LongForm) -> Response:
    """Change what is known of a patient."""
    sheet = _edit(op, patient_id)
    found: dict[UUID, Found] = {}

    def work(read: Read) -> str:
        with _naming_holder(found):
            patch(op, PATIENTS, patient_id, changed(sheet.fields, form, sheet.stored, read))
        return chart_of(op, patient_id)

    def again(sheet: Sheet, faults: list[Fault]) -> Again:
        return _again(op, sheet, faults, form, found, "")

    return take(op, sheet, form, work, again=again)


def _edit(op: Operation, patient_id: UUID) -> Sheet:
    person: Mapping[str, Any] = plain(record_for_answer(op, PATIENTS, patient_id))
    sections = [NAMES, _reaching(), *numbers(len(person["identifiers"]) + 1), STATE]
    sheet = Sheet(
        "Edit the patient",
        f"{HERE}/{patient_id}/edit",
        sections,
        "Store the changes",
        chart_of(op, patient_id),
        patient=person,
        noun=PATIENTS.noun,
        record_id=patient_id,
        version=person["version"],
    )
    return sheet._replace(stored=texts(sheet.fields, person, op.zone))
