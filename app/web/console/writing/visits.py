"""`…/sessions/new`, `…/sessions/another` and `…/sessions/repeat`: a visit is logged."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Annotated, Any, Final, cast
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
from app.episodes.schemas import EpisodeFilters
from app.episodes.service import EPISODES
from app.patients.service import PATIENTS
from app.records.queries import record_for_answer, records, records_for_answer
from app.records.service import create_one, patch
from app.records.views import DuplicateView
from app.sessions.schemas import SessionBody, SessionFilters
from app.sessions.service import SESSIONS
from app.sessions.views import SessionView
from app.web.console import access, pages
from app.web.console.begun import begun, begun_today, drafts, is_empty
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.framing import whose
from app.web.console.visits import last_visit, open_episodes
from app.web.console.who import SESSION
from app.web.console.writing.alike import WHY, Alike, check_seen, shown
from app.web.console.writing.before_signing import cautions
from app.web.console.writing.courses import words_to_choose
from app.web.console.writing.favourites import last_technique, offered
from app.web.console.writing.fields import Read, read_fields, texts
from app.web.console.writing.people import NOBODY, chart_of
from app.web.console.writing.repeating import copied_of, last_needled, rows_of, told_of_copy
from app.web.console.writing.session_fields import (
    LISTS,
    Offered,
    at_needle,
    count,
    longer,
    sections,
    with_needle,
    with_technique_chosen,
)
from app.web.console.writing.sheets import Again, Sheet, returning_to, show, take

SESSIONS_AT: Final = f"{pages.HOME}/sessions"
NEW: Final = "/patients/{patient_id:uuid}/sessions/new"
ANOTHER: Final = "/patients/{patient_id:uuid}/sessions/another"
REPEAT: Final = "/patients/{patient_id:uuid}/sessions/repeat"
RESEMBLES: Final = (
    "This visit may be stored already. Open it below, or tick that it is another visit."
)
TITLES: Final[Mapping[str, str]] = {
    "new": "New session",
    "another": "Another session today",
    "repeat": "Repeat the last session",
}
"""The titles of the forms for a new session, by the last step of their path."""
VISITS: Final = 30
"""So many of a patient's last visits can be chosen."""
Writing = Annotated[
    Operation,
    Depends(
        Authorize(
            Scope.SESSIONS_WRITE, Scope.SESSIONS_READ, Scope.PATIENTS_READ, identify=by_cookie
        )
    ),
]
router = APIRouter(prefix=pages.HOME, include_in_schema=False, route_class=Route)


@router.get(NEW, operation_id="console.new-session")
def new_session(op: Writing, patient_id: UUID) -> Response:
    """Show the form for a new session, or go on with the draft that was begun today."""
    sheet = _new(op, patient_id, "new", {})
    going_on = _going_on(op, patient_id, sheet)
    if going_on is not None:
        return pages.redirect(f"{SESSIONS_AT}/{going_on['id']}/edit", "begun")
    return show_new(op, sheet, beginning(op, patient_id))


@router.post(NEW, operation_id="console.create-session")
def create_session(op: Writing, patient_id: UUID, form: LongForm) -> Response:
    """Log a session as a draft, and go on to its signature."""
    return _create(op, _new(op, patient_id, "new", form), patient_id, form)


@router.get(ANOTHER, operation_id="console.another-session")
def another_session(op: Writing, patient_id: UUID) -> HTMLResponse:
    """Show the form for a further session, although a draft was begun today."""
    return show_new(op, _new(op, patient_id, "another", {}), beginning(op, patient_id))


@router.post(ANOTHER, operation_id="console.create-another-session")
def create_another(op: Writing, patient_id: UUID, form: LongForm) -> Response:
    """Log a further session as a draft of its own."""
    return _create(op, _new(op, patient_id, "another", form), patient_id, form, is_another=True)


@router.get(REPEAT, operation_id="console.repeat-session")
def repeat_session(op: Writing, patient_id: UUID) -> Response:
    """Show the form with what was done in the last session, and with what was planned then."""
    last, sheet = last_needled(op, patient_id), _new(op, patient_id, "repeat", {})
    going_on = _going_on(op, patient_id, sheet)
    if going_on is not None:
        asked = "" if last is None else "&repeat=yes"
        page = pages.after(f"{SESSIONS_AT}/{going_on['id']}/edit", "begun")
        return pages.redirect(page + asked)
    if last is None:
        lead = "There is no earlier session to repeat."
        return show_new(op, sheet._replace(lead=lead), beginning(op, patient_id))
    copied = copied_of(last, op.zone)
    sheet = _new(op, patient_id, "repeat", copied)._replace(lead=told_of_copy(last, op.zone))
    return show(op, sheet, {**beginning(op, patient_id), **copied})


@router.post(REPEAT, operation_id="console.create-repeated-session")
def create_repeated(op: Writing, patient_id: UUID, form: LongForm) -> Response:
    """Log a session that began as a copy of the last one."""
    return _create(op, _new(op, patient_id, "repeat", form), patient_id, form)


def sheet_of(
    op: Operation,
    session: Any,
    act: str,
    title: str,
    button: str,
    form: Mapping[str, str] | None = None,
) -> Sheet:
    """Return the form of a stored session, for one act: it has rows for all that is stored."""
    view, page = plain(session), f"{SESSIONS_AT}/{session['id']}/{act}"
    stored, sent = rows_of(view), _rows_in(op, page, form or {})
    patient_id = session["patient_id"]
    rows = {member: max(stored[member], sent[member]) for member in stored}
    people_and_words = _offered(op, patient_id, session["practitioner_id"])
    listed = sections(people_and_words, rows, one_needle=act == "edit")
    sheet = Sheet(
        title,
        page,
        listed,
        button,
        chart_of(op, patient_id),
        patient=plain(record_for_answer(op, PATIENTS, patient_id)),
        noun=SESSIONS.noun,
        record_id=session["id"],
        version=session["version"],
        more={"muscles": offered(op, patient_id)},
        longer=longer(listed),
    )
    return sheet._replace(stored=texts(sheet.fields, view, op.zone))


def _new(op: Operation, patient_id: UUID, act: str, form: Mapping[str, str]) -> Sheet:
    page = f"{pages.HOME}/patients/{patient_id}/sessions/{act}"
    rows = _rows_in(op, page, form)
    listed = sections(_offered(op, patient_id, None), rows, one_needle=True)
    return Sheet(
        TITLES[act],
        page,
        listed,
        "Store the draft",
        chart_of(op, patient_id),
        patient=plain(record_for_answer(op, PATIENTS, patient_id)),
        more={"muscles": offered(op, patient_id), **told_first(op, patient_id)},
        longer=longer(listed),
    )


def show_new(op: Operation, sheet: Sheet, values: Mapping[str, str]) -> HTMLResponse:
    """Show a form of a session, with the technique of the practitioner's last one where it is open.

    The form says so. Nothing is stored until a person stores the form.
    """
    usual = "" if values.get("technique") else last_technique(op)
    if not usual:
        return show(op, sheet, values)
    told = sheet._replace(sections=with_technique_chosen(sheet.sections))
    return show(op, told, {**values, "technique": usual})


def told_first(op: Operation, patient_id: UUID, but: UUID | None = None) -> dict[str, Any]:
    """Return what the form of a session says first: the last plan, and what speaks for caution.

    `but` is the session that the form is about.
    """
    last = last_visit(op, patient_id, but)
    planned = last.session if last is not None and last.session["plan"] else None
    return {"last": planned, "cautions": cautions(op, patient_id)}


def _going_on(op: Operation, patient_id: UUID, sheet: Sheet) -> SessionView | None:
    """Return the draft of today to go on with, unless a text comes back into this form."""
    is_back = returning_to(op, sheet.page) is not None
    return None if is_back else begun_today(op, patient_id)


def _create(
    op: Operation,
    sheet: Sheet,
    patient_id: UUID,
    form: Mapping[str, str],
    *,
    is_another: bool = False,
) -> Response:
    sent = read_fields(sheet.fields, form, op.zone)
    found: list[DuplicateView] = []

    def work(read: Read) -> str:
        members = {**with_needle(read.members), "patient_id": patient_id}
        body: SessionBody = access.body_of(SessionBody, members)
        going_on = None if is_another else _empty_one(op, patient_id, body)
        if going_on is not None:
            op.if_match = f'"{going_on["version"]}"'
            patch(op, SESSIONS, going_on["id"], with_needle(read.members))
            return next_of(op, going_on["id"], patient_id)
        found.extend(resembling(op, body, patient_id))
        check_seen(form, [one["id"] for one in found], RESEMBLES)
        session, _ = create_one(op, SESSIONS, body)
        return next_of(op, session["id"], patient_id)

    def again(sheet: Sheet, faults: list[Fault]) -> Again:
        return Again(beside(op, sheet, found), at_needle(faults, form, sent), {})

    return take(op, sheet, form, work, "draft", again)


def _empty_one(op: Operation, patient_id: UUID, body: SessionBody) -> SessionView | None:
    """Return the empty draft of the same visit, such as of its screening; None if there is none.

    The form may have been opened before somebody screened. So one visit has one draft.
    """
    found = begun(op, drafts(op, patient_id), body.occurred_at, body.practitioner_id)
    return next(filter(is_empty, found), None)


def resembling(op: Operation, body: SessionBody, patient_id: UUID) -> list[DuplicateView]:
    """Return the stored sessions that one with this content resembles."""
    view = {**body.model_dump(), "id": body.id or NOBODY, "patient_id": patient_id}
    return SESSIONS.duplicates(op, cast("SessionView", view))


def beside(op: Operation, sheet: Sheet, found: Sequence[DuplicateView]) -> Sheet:
    """Return the form with the sessions that it resembles."""
    why, opens = {one["id"]: one["why"] for one in found}, whose(op).opens(SESSION.label)
    alike = [
        Alike(
            str(one["id"]),
            f"The visit of {_minute(one['occurred_at'], op.zone)}, {one['status']}",
            None,
            f"{SESSIONS_AT}/{one['id']}" if opens else None,
            WHY[why[one["id"]]],
        )
        for one in (records_for_answer(op, SESSIONS, list(why)) if why else ())
    ]
    more = {**sheet.more, **shown(alike, "It is another visit: store it all the same")}
    return sheet._replace(more=more)


def _rows_in(op: Operation, page: str, form: Mapping[str, str]) -> dict[str, int]:
    """Return how many rows a form needs for what was typed, also before a sign-in ended."""
    typed = returning_to(op, page) or form
    return {member: count(typed, member) for member in LISTS} | {
        "identifiers": count(typed, "identifiers") - 1
    }


def _offered(op: Operation, patient_id: UUID, named: UUID | None) -> Offered:
    """Return what the form offers to choose from. `named` is the practitioner of the session."""
    return Offered(
        people(op, named),
        episodes(op, patient_id),
        words_to_choose(op, "co_interventions"),
        words_to_choose(op, "aftercare"),
        words_to_choose(op, "movements"),
    )


def next_of(op: Operation, id: UUID, patient_id: UUID) -> str:
    """Return the page after a draft: its signature, or the chart for those who can't sign."""
    signs = op.caller.may(Scope.SESSIONS_SIGN)
    return f"{SESSIONS_AT}/{id}/sign" if signs else chart_of(op, patient_id)


def beginning(op: Operation, patient_id: UUID) -> dict[str, str]:
    """Return what a new session begins with: now, attended, who is signed in, the open episode.

    Of several open episodes none is chosen.
    """
    own, under_way = op.caller.practitioner_id, open_episodes(op, patient_id) or []
    now = op.at.astimezone(op.zone).replace(tzinfo=None)
    return {
        "occurred_at": now.isoformat(timespec="minutes"),
        "attendance": "attended",
        "practitioner_id": str(own or ""),
        "episode_id": under_way[0]["id"] if len(under_way) == 1 else "",
    }


def people(op: Operation, named: UUID | None = None) -> list[tuple[str, str]]:
    """Return the practitioners to choose from: the active ones, and the one who is named."""
    found = dict(access.active_practitioners(op))
    own = op.caller.practitioner_id
    if own is not None:
        found.setdefault(str(own), whose(op).in_records)
    if named is not None and str(named) not in found:
        found |= access.practitioners(op, [named]) or {str(named): "As stored"}
    return list(found.items())


def episodes(op: Operation, patient_id: UUID) -> tuple[tuple[str, str], ...]:
    """Return a patient's episodes as choices of a field; none for those who may not read them."""
    if not op.caller.may(Scope.EPISODES_READ):
        return ()
    found, _ = records(op, EPISODES, EpisodeFilters(patient_id=patient_id, limit=100))
    return tuple(
        (str(one["id"]), one["complaint"][:80] + (" (finished)" if one["closed_at"] else ""))
        for one in found
    )


def drafts_of_today(op: Operation, patient_id: UUID) -> Iterator[tuple[str, str]]:
    """Yield a patient's drafts of this clinic day as choices of a field, the newest first."""
    for one in records(op, SESSIONS, SessionFilters(patient_id=patient_id, limit=VISITS))[0]:
        is_today = clinic_day(one["occurred_at"], op.zone) == clinic_day(op.at, op.zone)
        if one["status"] == "draft" and is_today:
            yield str(one["id"]), f"The draft of {_minute(one['occurred_at'], op.zone)}"


def visits_to_choose(op: Operation, patient_id: UUID) -> Iterator[tuple[str, str]]:
    """Yield a patient's last visits as choices of a field; none for those who may not read them."""
    if not op.caller.may(Scope.SESSIONS_READ):
        return
    for one in records(op, SESSIONS, SessionFilters(patient_id=patient_id, limit=VISITS))[0]:
        if one["status"] != "void":
            yield str(one["id"]), _minute(one["occurred_at"], op.zone)


def _minute(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
