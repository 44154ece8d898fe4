"""`/console/sessions/{id}/edit`: a draft is filled in, changed, and gone on with."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field as Parameter
from starlette.responses import HTMLResponse, Response

from app.core.http.forms import LongForm
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.faults import Fault
from app.records.queries import record_for_answer
from app.records.service import check_version, patch, patched
from app.records.views import DuplicateView
from app.sessions.schemas import SessionBody
from app.sessions.service import SESSIONS
from app.web.console import pages
from app.web.console.begun import begun, is_empty
from app.web.console.framing import After
from app.web.console.writing.alike import check_seen
from app.web.console.writing.fields import Read, changed, read_fields, texts
from app.web.console.writing.repeating import copied_of, last_needled, told_of_copy
from app.web.console.writing.session_fields import (
    EVERY_NEEDLE,
    at_needle,
    with_needle,
    with_one_needle,
)
from app.web.console.writing.sheets import Again, Sheet, show, take
from app.web.console.writing.visits import (
    RESEMBLES,
    SESSIONS_AT,
    Writing,
    beside,
    next_of,
    resembling,
    sheet_of,
    show_new,
    told_first,
)

EDIT: Final = "/sessions/{id:uuid}/edit"
router = APIRouter(prefix=pages.HOME, include_in_schema=False, route_class=Route)


class Opened(After):
    """How the form of a draft is opened."""

    repeat: Literal["yes"] | None = Parameter(default=None)
    """Whether it takes over what was done in the last session with needles."""


@router.get(EDIT, operation_id="console.edit-session")
def edit_session(op: Writing, id: UUID, opened: Annotated[Opened, Query()]) -> HTMLResponse:
    """Show the form for a draft."""
    session = record_for_answer(op, SESSIONS, id)
    SESSIONS.refuse_change(session)
    last = None if session["needlings"] else last_needled(op, session["patient_id"])
    if opened.repeat is None or last is None:
        sheet = _sheet(op, session, {})
        more = {**sheet.more, "repeats": None if last is None else last["occurred_at"]}
        shows = show_new if is_empty(session) else show
        return shows(op, sheet._replace(more=more), sheet.stored)
    copied = copied_of(last, op.zone)
    sheet = _sheet(op, session, copied)._replace(lead=told_of_copy(last, op.zone))
    own = {name: text for name, text in sheet.stored.items() if text}
    return show(op, sheet, {**sheet.stored, **copied, **own})


@router.post(EDIT, operation_id="console.change-session")
def change_session(op: Writing, id: UUID, form: LongForm) -> Response:
    """Change a draft, and go on to its signature."""
    session = record_for_answer(op, SESSIONS, id)
    sheet, found = _sheet(op, session, form), list[DuplicateView]()
    sent = read_fields(sheet.fields, form, op.zone)

    def work(read: Read) -> str:
        check_version(op, session["version"])
        changes = _changes(sheet, form, read)
        if changes.keys() & {"occurred_at", "practitioner_id"}:
            moved: SessionBody = patched(op, SESSIONS, session, changes)
            found.extend(resembling(op, moved, session["patient_id"]))
            check_seen(form, [one["id"] for one in found], RESEMBLES)
        patch(op, SESSIONS, id, changes)
        return next_of(op, id, session["patient_id"])

    def again(sheet: Sheet, faults: list[Fault]) -> Again:
        return Again(beside(op, sheet, found), at_needle(faults, form, sent), {})

    return take(op, sheet, form, work, "draft", again)


def _changes(sheet: Sheet, form: Mapping[str, str], read: Read) -> dict[str, Any]:
    """Return what a person changed. The needle for every muscle is stored in each row."""
    changes = changed(sheet.fields, form, sheet.stored, read)
    is_needle_new = changes.pop(EVERY_NEEDLE, None) is not None
    if "needlings" in changes or (is_needle_new and "needlings" in read.members):
        changes["needlings"] = with_needle(read.members).get("needlings")
    return changes


def _sheet(op: Operation, session: Any, form: Mapping[str, str]) -> Sheet:
    """Return the form of a draft. It says and asks what that of a new session does."""
    title, button = "Edit the draft", "Store the draft"
    sheet = sheet_of(op, session, "edit", title, button, form)

    def in_texts(view: Mapping[str, Any]) -> dict[str, str]:
        return with_one_needle(texts(sheet.fields, view, op.zone), len(view["needlings"]))

    patient_id = session["patient_id"]
    is_begun = any(begun(op, [session], op.at, None))
    another = f"{pages.HOME}/patients/{patient_id}/sessions/another" if is_begun else ""
    return sheet._replace(
        stored=with_one_needle(sheet.stored, len(session["needlings"])),
        in_texts=in_texts,
        more={
            **sheet.more,
            **told_first(op, patient_id, session["id"]),
            "another": another,
            "here": f"{SESSIONS_AT}/{session['id']}/edit",
        },
    )
