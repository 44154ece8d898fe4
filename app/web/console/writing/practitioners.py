"""`/console/practitioners`: who treats patients: listed, added, changed and made inactive."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import HTMLResponse, Response

from app.core.http.authorize import Authorize
from app.core.http.forms import LongForm
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.vocabularies import words_of
from app.practitioners.schemas import PractitionerBody, PractitionerFilters
from app.practitioners.service import PRACTITIONERS
from app.practitioners.views import CredentialKind, PractitionerStatus
from app.records.queries import record_for_answer, records
from app.records.service import create_one, patch
from app.web.console import access, due, pages, who
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.framing import Further, framed
from app.web.console.writing.fields import Field, Read, changed, texts
from app.web.console.writing.people import choices, numbers
from app.web.console.writing.sheets import Section, Sheet, show, take

HERE: Final = pages.HOME + who.PRACTITIONERS.path
NEEDED: Final = "Needed with a training or licence."
NAMES: Final = Section(
    "Who they are", (Field("given_name", "First names"), Field("family_name", "Last name"))
)
STATE: Final = Section(
    "State",
    (
        Field("status", "Status", "choice", choices(words_of(PractitionerStatus)), required=True),
        Field(
            "inactive_from",
            "First day on which they are inactive",
            "day",
            hint="From that day on their devices, sign-ins and keys end, and no visit names them.",
        ),
    ),
)
router = APIRouter(prefix=HERE, include_in_schema=False, route_class=Route)
Keeping = Annotated[Operation, Depends(Authorize(*who.PRACTITIONERS.scopes, identify=by_cookie))]


@router.get("", operation_id="console.practitioners")
def practitioners(op: Keeping, wanted: Annotated[Further, Query()]) -> HTMLResponse:
    """Show the clinic's practitioners, with their credentials and their last day."""
    filters = PractitionerFilters(limit=access.AT_ONCE, cursor=wanted.cursor)
    found, cursor = records(op, PRACTITIONERS, filters)
    return framed("practitioners.html", op, listed=plain(found), cursor=cursor)


@router.get("/new", operation_id="console.new-practitioner")
def new_practitioner(op: Keeping) -> HTMLResponse:
    """Show the form for a new practitioner."""
    return show(op, _new(), {})


@router.post("/new", operation_id="console.create-practitioner")
def create_practitioner(op: Keeping, form: LongForm) -> Response:
    """Add a practitioner."""

    def work(read: Read) -> str:
        create_one(op, PRACTITIONERS, access.body_of(PractitionerBody, read.members))
        return HERE

    return take(op, _new(), form, work)


@router.get("/{id:uuid}/edit", operation_id="console.edit-practitioner")
def edit_practitioner(op: Keeping, id: UUID) -> HTMLResponse:
    """Show the form for what is known of a practitioner."""
    sheet = _edit(op, id)
    return show(op, sheet, sheet.stored)


@router.post("/{id:uuid}/edit", operation_id="console.change-practitioner")
def change_practitioner(op: Keeping, id: UUID, form: LongForm) -> Response:
    """Change a practitioner. Once they are inactive, what acts for them ends."""
    sheet = _edit(op, id)

    def work(read: Read) -> str:
        patch(op, PRACTITIONERS, id, changed(sheet.fields, form, sheet.stored, read))
        return HERE

    return take(op, sheet, form, work)


def _credentials(count: int) -> list[Section]:
    kinds = choices(words_of(CredentialKind))
    fields = (
        Field("kind", "Training or licence", "choice", kinds),
        Field("body", "Issued by", hint=NEEDED),
        Field("number", "Number of the certificate", hint=NEEDED),
        Field("valid_from", "Valid from", "day", hint=NEEDED),
        Field("valid_to", "Valid until", "day", hint="Empty for no end."),
    )
    return [
        Section(
            f"Credential {row + 1}",
            tuple(field.within(f"credentials.{row}") for field in fields),
            row=f"credentials.{row}",
        )
        for row in range(count)
    ]


def _new() -> Sheet:
    sections = [NAMES, *_credentials(1), *numbers(1)]
    return Sheet("New practitioner", f"{HERE}/new", sections, "Add the practitioner", HERE)


def _edit(op: Operation, id: UUID) -> Sheet:
    found: dict[str, Any] = plain(record_for_answer(op, PRACTITIONERS, id))
    left = due.left_by(op, id)
    sheet = Sheet(
        "Edit the practitioner",
        f"{HERE}/{id}/edit",
        [
            NAMES,
            STATE,
            *_credentials(len(found["credentials"]) + 1),
            *numbers(len(found["identifiers"]) + 1),
        ],
        "Store the changes",
        HERE,
        lead=f"Before they are inactive: {', '.join(left)}." if left else "",
        noun=PRACTITIONERS.noun,
        record_id=id,
        version=found["version"],
    )
    return sheet._replace(stored=texts(sheet.fields, found, op.zone))
