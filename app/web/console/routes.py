"""`/console`: the list of patients, one patient, and their timeline."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, NamedTuple, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import HTMLResponse, Response

from app.alerts.errors import AlertAcknowledged
from app.alerts.schemas import AlertFilters
from app.alerts.service import ALERTS
from app.core.http.authorize import Authorize
from app.core.http.forms import Form
from app.core.http.pages import Cursor, Filters
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.clock import clinic_day
from app.core.values.problems import Invalid
from app.core.values.wire import View, read
from app.patients.queries import best
from app.patients.rules.asking import asked
from app.patients.schemas import SEARCH_MAX, PatientSearch
from app.patients.service import PATIENTS
from app.practitioners.service import PRACTITIONERS
from app.progress import queries as progress
from app.progress.schemas import ProgressFilters
from app.progress.views import TimelineItem
from app.records.names import full_name
from app.records.queries import record_for_answer, records, records_for_answer
from app.safety.schemas import AdverseEventFilters
from app.safety.service import ADVERSE_EVENTS
from app.sessions.service import SESSIONS
from app.sessions.views import SessionView
from app.web.console import alerts, pages
from app.web.console.browsers import by_cookie
from app.web.console.chart import age, chart, happened, is_shown, plain
from app.web.console.framing import framed

PATIENTS_AT_ONCE: Final = 50
RECENT: Final = 10
_NOTHING: Final[Mapping[str, Any]] = {
    "similar": (),
    "asked": "",
    "more": False,
    "longest": SEARCH_MAX,
}
"""What the list shows where nothing was asked."""

router = APIRouter(prefix=pages.HOME, include_in_schema=False, route_class=Route)
Searching = Annotated[Operation, Depends(Authorize(Scope.PATIENTS_READ, identify=by_cookie))]
Looking = Annotated[
    Operation,
    Depends(Authorize(Scope.PROGRESS_READ, Scope.PATIENTS_READ, identify=by_cookie)),
]

Alerted = Annotated[Operation, Depends(Authorize(Scope.ALERTS_READ, identify=by_cookie))]
Answering = Annotated[Operation, Depends(Authorize(Scope.ALERTS_WRITE, identify=by_cookie))]


class Line(NamedTuple):
    """One item of a timeline, as a page shows it."""

    at: str
    title: str
    told: str
    by: str | None
    """The practitioner who treated, if the client may read practitioners."""


class Further(View):
    """The cursor of the next page."""

    cursor: Cursor | None = Field(default=None)


@router.get("", operation_id="console.patients")
def patients(op: Searching, filters: Annotated[Further, Query()]) -> HTMLResponse:
    """Show the clinic's patients and a search form."""
    page, cursor = records(op, PATIENTS, _part(PATIENTS_AT_ONCE, filters.cursor))
    return framed(
        "patients.html",
        op,
        patients=plain(page),
        marked=alerts.marked(op, page),
        cursor=cursor,
        further=filters.cursor,
        **_NOTHING,
    )


@router.post("/search", operation_id="console.search")
def search(op: Searching, form: Form) -> HTMLResponse:
    """Show the patients whom a text asks for. It is a POST, so that no URL has a name."""
    text = form.get("q", "").strip()
    if not text:
        return patients(op, Further())
    wanted = read(PatientSearch, to_json({"q": text}))
    found = best(op, asked(str(wanted.q)), _part(PATIENTS_AT_ONCE))
    people = plain(found.items)
    similar = set(map(str, found.similar))
    return framed(
        "patients.html",
        op,
        patients=[one for one in people if one["id"] not in similar],
        marked=alerts.marked(op, found.items),
        cursor=None,
        further=None,
        **{
            **_NOTHING,
            "similar": [one for one in people if one["id"] in similar],
            "asked": text,
            "more": found.more,
        },
    )


@router.get("/patients/{patient_id:uuid}", operation_id="console.patient")
def patient(op: Looking, patient_id: UUID) -> HTMLResponse:
    """Show a patient's progress."""
    person = record_for_answer(op, PATIENTS, patient_id)
    document = progress.progress(op, patient_id, ProgressFilters(), local=True)
    items, cursor = progress.timeline(op, patient_id, _part(RECENT))
    born = person["birth_date"]
    return framed(
        "patient.html",
        op,
        patient=plain(person),
        top=alerts.on_top(op, person),
        actions=alerts.ACTIONS,
        age=None if born is None else age(born, clinic_day(op.at, op.zone)),
        chart=chart(document),
        events=_events(op, patient_id),
        timeline=_timeline(op, items),
        more=cursor is not None,
    )


@router.get("/patients/{patient_id:uuid}/timeline", operation_id="console.timeline")
def timeline(op: Looking, patient_id: UUID, filters: Annotated[Further, Query()]) -> HTMLResponse:
    """Show a patient's whole timeline, newest first."""
    person = plain(record_for_answer(op, PATIENTS, patient_id))
    items, cursor = progress.timeline(op, patient_id, _part(PATIENTS_AT_ONCE, filters.cursor))
    return framed("timeline.html", op, patient=person, timeline=_timeline(op, items), cursor=cursor)


@router.get("/alerts", operation_id="console.alerts")
def open_alerts(op: Alerted, filters: Annotated[Further, Query()]) -> HTMLResponse:
    """Show the alerts that nobody has acknowledged, newest first."""
    return _work_list(op, filters.cursor)


@router.post("/alerts/{alert_id:uuid}/acknowledge", operation_id="console.acknowledge")
def acknowledge(op: Answering, alert_id: UUID, form: Form) -> Response:
    """Acknowledge an alert, and go back to the page that the form was on.

    A form that can't be accepted is shown again with what was typed.
    """
    try:
        done = alerts.acknowledge(op, alert_id, form)
    except (AlertAcknowledged, Invalid) as refused:
        return _work_list(op, None, refused=refused, typed={**form, "alert": str(alert_id)})
    back = f"/patients/{done['patient_id']}" if form.get("back") == "chart" else "/alerts"
    return pages.redirect(pages.HOME + back)


def _work_list(
    op: Operation,
    cursor: str | None,
    *,
    refused: AlertAcknowledged | Invalid | None = None,
    typed: Mapping[str, str] | None = None,
) -> HTMLResponse:
    wanted = AlertFilters(status="open", limit=PATIENTS_AT_ONCE, cursor=cursor)
    found, further = records(op, ALERTS, wanted)
    page = framed(
        "alerts.html",
        op,
        alerts=alerts.shown(op, found),
        charts=op.caller.may(Scope.PROGRESS_READ) and op.caller.may(Scope.PATIENTS_READ),
        actions=alerts.ACTIONS,
        cursor=further,
        refused=refused,
        typed=typed or {},
    )
    page.status_code = 200 if refused is None else int(refused.status)
    return page


def _part(limit: int, cursor: str | None = None) -> Filters:
    return Filters(limit=limit, cursor=cursor)


def _events(op: Operation, patient_id: UUID) -> list[Any] | None:
    """Return the adverse events, newest first; None if the client may not read them."""
    if not op.caller.may(Scope.ADVERSE_EVENTS_READ):
        return None
    events, _ = records(op, ADVERSE_EVENTS, AdverseEventFilters(patient_id=patient_id))
    return list(plain(events))


def _timeline(op: Operation, items: list[TimelineItem]) -> list[Line]:
    """Return the timeline as lines of text, with practitioners if the client may read them."""
    names: dict[UUID | None, str] = {}
    if op.caller.may(Scope.PRACTITIONERS_READ):
        ids = {id for id in map(_treated_by, items) if id is not None}
        for one in records_for_answer(op, PRACTITIONERS, sorted(ids)):
            names[one["id"]] = full_name(one["given_name"], one["family_name"])
    return [
        Line(plain(item["at"]), title, told, names.get(_treated_by(item)))
        for item in filter(is_shown, items)
        for title, told in [happened(item)]
    ]


def _treated_by(item: TimelineItem) -> UUID | None:
    if item["type"] != SESSIONS.singular:
        return None
    return cast("SessionView", item["record"])["practitioner_id"]
