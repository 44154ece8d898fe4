"""The form *Phoned*: what a patient says on the telephone after a visit."""

from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse, Response

from app.alerts.service import open_alert
from app.alerts.views import RaisedAlertView
from app.asks.service import ASKS
from app.asks.service.reports import Reported
from app.asks.views import AskView
from app.core.http.authorize import Authorize
from app.core.http.forms import Form
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import Invalid
from app.followups.service import FOLLOW_UPS
from app.patients.service import PATIENTS
from app.records.queries import record, record_for_answer
from app.sessions.service import SESSIONS
from app.sessions.views import SessionView
from app.web.console import access, follow_ups, pages, phoning
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.framing import framed
from app.web.console.kept import check_patient
from app.web.console.who import ALERTED, FOLLOWED

ASKED: Final = f"{pages.HOME}{FOLLOWED.path}"
VISITS: Final = f"{pages.HOME}/sessions"
DETAILS: Final = f"{pages.HOME}/patients"

router = APIRouter(include_in_schema=False, route_class=Route)
Phoning = Annotated[
    Operation, Depends(Authorize(Scope.FOLLOW_UPS_WRITE, Scope.ASKS_READ, identify=by_cookie))
]
Calling = Annotated[
    Operation, Depends(Authorize(Scope.FOLLOW_UPS_WRITE, Scope.PATIENTS_READ, identify=by_cookie))
]


class Call(NamedTuple):
    """A visit about which somebody calls a patient, as the form shows it."""

    about: Reported
    page: str
    """The path of the form."""
    back: str
    """The page that follows: the ask, the session, or the patient's details."""
    person: Any
    """The patient as JSON; None if the client may not read them."""
    visit_at: str | None
    practitioner: str | None
    speaks: str | None

    @property
    def patient_id(self) -> str:
        """The id of the patient."""
        return str(self.about.patient_id)


@router.get(f"{ASKED}/{{id:uuid}}/phoned", operation_id="console.phoned-form")
def phoned_form(op: Phoning, id: UUID) -> HTMLResponse:
    """Show the form for what a patient who was asked says on the telephone."""
    return _form(op, _of_ask(op, record_for_answer(op, ASKS, id)))


@router.post(f"{ASKED}/{{id:uuid}}/phoned", operation_id="console.phoned")
def phoned(op: Phoning, id: UUID, form: Form) -> Response:
    """Store what a patient who was asked says on the telephone."""
    return _store(op, _of_ask(op, record(op, ASKS, id)), form)


@router.get(f"{VISITS}/{{id:uuid}}/phoned", operation_id="console.called-form")
def called_form(op: Calling, id: UUID) -> HTMLResponse:
    """Show the form for what a patient says on the telephone about a visit."""
    return _form(op, _of_visit(op, record(op, SESSIONS, id)))


@router.post(f"{VISITS}/{{id:uuid}}/phoned", operation_id="console.called")
def called(op: Calling, id: UUID, form: Form) -> Response:
    """Store what a patient says on the telephone about a visit."""
    return _store(op, _of_visit(op, record(op, SESSIONS, id)), form)


def _of_ask(op: Operation, ask: AskView) -> Call:
    [shown] = follow_ups.shown(op, [ask])
    back = f"{ASKED}/{ask['id']}"
    about = Reported((ASKS.noun, ask["id"]), ask["patient_id"], ask["session_id"])
    return Call(
        about=about,
        page=f"{back}/phoned",
        back=back,
        person=shown.person,
        visit_at=shown.visit_at,
        practitioner=shown.practitioner,
        speaks=shown.speaks,
    )


def _of_visit(op: Operation, session: SessionView) -> Call:
    patient_id, here = session["patient_id"], f"{VISITS}/{session['id']}"
    person = plain(record_for_answer(op, PATIENTS, patient_id))
    may_read = op.caller.may(Scope.SESSIONS_READ)
    return Call(
        about=Reported((SESSIONS.noun, session["id"]), patient_id, session["id"]),
        page=f"{here}/phoned",
        back=here if may_read else f"{DETAILS}/{patient_id}/details",
        person=person,
        visit_at=follow_ups.when(op, session["occurred_at"]),
        practitioner=next(
            iter(access.practitioners(op, [session["practitioner_id"]]).values()), None
        ),
        speaks=follow_ups.speaks(person),
    )


def _store(op: Operation, call: Call, form: Form) -> Response:
    """Store a report. After a red flag comes its alert, which says at once what it calls for.

    A red flag raises its alert also if something else is missing.
    """
    check_patient(form, call.about.patient_id)
    try:
        report = phoning.report(op, call.about, form)
    except Invalid as refused:
        return _form(op, call, refused, form, phoning.warn(op, call.about, form))
    alert = open_alert(op, FOLLOW_UPS, report) if op.caller.may(Scope.ALERTS_READ) else None
    to_act = f"{pages.HOME}{ALERTED.path}/{alert['id']}" if alert else call.back
    return pages.redirect(to_act, "entered")


def _form(
    op: Operation,
    call: Call,
    refused: Invalid | None = None,
    typed: Any = None,
    warned: RaisedAlertView | None = None,
) -> HTMLResponse:
    page = framed(
        "phoned.html",
        op,
        shown=call,
        refused=refused,
        typed=typed,
        warned=plain(warned),
        ticked=phoning.ticked(typed or {}),
        flags=phoning.RED_FLAGS,
        changes=phoning.CHANGES,
    )
    page.status_code = 200 if refused is None else int(refused.status)
    return page
