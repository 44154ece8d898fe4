"""`/console`: the list of patients, one patient, and their timeline."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, NamedTuple, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import HTMLResponse, Response

from app.alerts.service import ALERTS
from app.core.http.authorize import Authorize
from app.core.http.forms import Form
from app.core.http.pages import Filters
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.clock import clinic_day
from app.core.values.names import full_name
from app.core.values.problems import Forbidden
from app.core.values.wire import read
from app.patients.queries import best
from app.patients.rules.asking import asked
from app.patients.schemas import SEARCH_MAX, PatientSearch
from app.patients.service import PATIENTS
from app.practitioners.service import PRACTITIONERS
from app.progress import queries as progress
from app.progress.schemas import ProgressFilters
from app.progress.views import TimelineItem
from app.records.queries import record_for_answer, records, records_for_answer
from app.safety.schemas import AdverseEventFilters
from app.safety.service import ADVERSE_EVENTS
from app.sessions.service import SESSIONS, may_answer_for
from app.sessions.views import SessionView
from app.vocabularies.queries import Words
from app.web.console import alerts, begun, due, follow_ups, pages, patient_list, visits
from app.web.console.browsers import by_cookie
from app.web.console.chart import age, chart, happened, is_shown, plain
from app.web.console.correcting import EVENT, correction
from app.web.console.framing import After, Further, framed, whose
from app.web.console.heed import told
from app.web.console.turns import turns
from app.web.console.who import CHART, PATIENT_LIST

PATIENTS_AT_ONCE: Final = 50
RECENT: Final = 10
_NOTHING: Final[Mapping[str, Any]] = {
    "similar": (),
    "asked": "",
    "more": False,
    "longest": SEARCH_MAX,
    "show": "all",
}
"""What the list shows where nothing was asked."""

router = APIRouter(prefix=pages.HOME, include_in_schema=False, route_class=Route)
Entering = Annotated[Operation, Depends(Authorize(any_token=True, identify=by_cookie))]
Searching = Annotated[Operation, Depends(Authorize(*PATIENT_LIST.scopes, identify=by_cookie))]
Looking = Annotated[
    Operation,
    Depends(Authorize(*CHART.scopes, identify=by_cookie)),
]


class Wanted(Further):
    """Which patients the list has."""

    show: due.Show = Field(default="all")


class Line(NamedTuple):
    """One item of a timeline, as a page shows it."""

    at: str
    title: str
    told: str
    by: str | None
    """The practitioner who treated, if the client may read practitioners."""
    session_id: str | None
    """The session, if it is one."""
    edit: str | None
    """The path of the form that corrects it, for those who may."""
    alert: Any
    """An alert as JSON, with names, to say who acknowledged it and what they wrote; else None."""


@router.get("", operation_id="console.patients")
def start(op: Entering, filters: Annotated[Wanted, Query()]) -> Response:
    """Show the clinic's patients, or lead to the first page that the client may open."""
    if set(PATIENT_LIST.scopes) <= whose(op).scopes:
        return _patients(op, filters)
    path = whose(op).start
    if path is None:
        raise Forbidden("The console has no page for you.", scope=Scope.PATIENTS_READ)
    return pages.redirect(pages.HOME + path)


def _patients(op: Operation, filters: Wanted) -> HTMLResponse:
    """Return the clinic's patients, or those of whom something is due, and a search form."""
    part = _part(PATIENTS_AT_ONCE, filters.cursor)
    page, cursor = patient_list.whom_due(op, filters.show, part)
    return framed(
        "patients.html",
        op,
        patients=plain(page),
        next=patient_list.beside(op, page),
        cursor=cursor,
        further=filters.cursor,
        **{**_NOTHING, "show": filters.show},
        tabs=due.tabs(op),
        counts=due.counts(op),
    )


@router.post("/search", operation_id="console.search")
def search(op: Searching, form: Form) -> HTMLResponse:
    """Show the patients whom a text asks for. It is a POST, so that no URL has a name."""
    text = form.get("q", "").strip()
    if not text:
        return _patients(op, Wanted())
    wanted = read(PatientSearch, to_json({"q": text}))
    found = best(op, asked(str(wanted.q)), _part(PATIENTS_AT_ONCE))
    people = plain(found.items)
    similar = set(map(str, found.similar))
    return framed(
        "patients.html",
        op,
        patients=[one for one in people if one["id"] not in similar],
        next=patient_list.beside(op, found.items),
        cursor=None,
        further=None,
        tabs={},
        **{
            **_NOTHING,
            "similar": [one for one in people if one["id"] in similar],
            "asked": text,
            "more": found.more,
        },
    )


@router.get("/patients/{patient_id:uuid}", operation_id="console.patient")
def patient(op: Looking, patient_id: UUID, after: Annotated[After, Query()]) -> HTMLResponse:
    """Show a patient's progress."""
    del after  # `framed` says it
    person = record_for_answer(op, PATIENTS, patient_id)
    found = begun.drafts(op, patient_id)
    empty = [str(one["id"]) for one in found if begun.is_empty(one)]
    document = progress.progress(op, patient_id, ProgressFilters(), local=True, without=empty)
    items, cursor = progress.timeline(op, patient_id, _part(RECENT))
    born = person["birth_date"]
    may_read, episodes = op.caller.may(Scope.SESSIONS_READ), visits.open_episodes(op, patient_id)
    last = visits.last_visit(op, patient_id) if may_read else None
    return framed(
        "patient.html",
        op,
        patient=plain(person),
        consents=visits.consents(op, patient_id, episodes),
        episodes=episodes,
        may_read_sessions=may_read,
        begun=visits.to_go_on_with(op, found) if may_read else [],
        empty=len(empty),
        last_visit=last,
        answers=last is not None and may_answer_for(op, UUID(last.session["practitioner_id"])),
        turns=turns(document),
        top=alerts.on_top(op, person),
        messages=follow_ups.messages(op, patient_id),
        may_consent=op.caller.may(Scope.CONSENTS_WRITE),
        unanswered=follow_ups.unanswered(op, patient_id),
        actions=alerts.ACTIONS,
        on_chart=alerts.ON_CHART,
        age=None if born is None else age(born, clinic_day(op.at, op.zone)),
        chart=chart(document),
        events=_events(op, patient_id, last),
        timeline=_timeline(op, items),
        more=cursor is not None,
    )


@router.get("/patients/{patient_id:uuid}/timeline", operation_id="console.timeline")
def timeline(op: Looking, patient_id: UUID, filters: Annotated[Further, Query()]) -> HTMLResponse:
    """Show a patient's whole timeline, newest first."""
    person = plain(record_for_answer(op, PATIENTS, patient_id))
    items, cursor = progress.timeline(op, patient_id, _part(PATIENTS_AT_ONCE, filters.cursor))
    return framed("timeline.html", op, patient=person, timeline=_timeline(op, items), cursor=cursor)


def _part(limit: int, cursor: str | None = None) -> Filters:
    return Filters(limit=limit, cursor=cursor)


def _events(op: Operation, patient_id: UUID, last: visits.Seen | None) -> list[Any] | None:
    """Return the adverse events, newest first; None if the client may not read them.

    `of_last_visit` marks those that name the last visit, or that happened since.
    """
    if not op.caller.may(Scope.ADVERSE_EVENTS_READ):
        return None
    events, _ = records(op, ADVERSE_EVENTS, AdverseEventFilters(patient_id=patient_id))
    words = Words(op, inactive=True)
    return [
        told(one, words)
        | {
            "edit": correction(op, EVENT.kind.singular, one["id"]),
            "of_last_visit": last is not None and visits.is_since(last.session, one),
        }
        for one in events
    ]


def _timeline(op: Operation, items: list[TimelineItem]) -> list[Line]:
    """Return the timeline as lines of text, with practitioners if the client may read them."""
    names: dict[UUID | None, str] = {}
    if op.caller.may(Scope.PRACTITIONERS_READ):
        ids = {id for id in map(_treated_by, items) if id is not None}
        for one in records_for_answer(op, PRACTITIONERS, sorted(ids)):
            names[one["id"]] = full_name(one["given_name"], one["family_name"])
    answered = _alerts_of(op, items)
    return [
        Line(
            *(plain(item["at"]), title, told, names.get(_treated_by(item))),
            str(item["id"]) if item["type"] == SESSIONS.singular else None,
            correction(op, item["type"], item["id"]),
            answered.get(str(item["id"])),
        )
        for item in filter(is_shown, items)
        for title, told in [happened(item)]
    ]


def _alerts_of(op: Operation, items: list[TimelineItem]) -> dict[str, Any]:
    """Return the alerts of a timeline by their ids, with the names of who answered them."""
    found = [
        ALERTS.from_json(plain(item["record"])) for item in items if item["type"] == ALERTS.singular
    ]
    return {alert["id"]: alert for alert in alerts.with_names(op, found)} if found else {}


def _treated_by(item: TimelineItem) -> UUID | None:
    if item["type"] != SESSIONS.singular:
        return None
    return cast("SessionView", item["record"])["practitioner_id"]
