"""`/console/follow-ups`: who is asked after a visit, who is due a call, and what they said."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import HTMLResponse, Response

from app.alerts.schemas import AlertFilters
from app.alerts.service import ALERTS, raised
from app.asks.errors import AskEnded
from app.asks.schemas import CancelBody
from app.asks.service import ASKS, actions
from app.asks.views import AskView
from app.core.http.authorize import Authorize
from app.core.http.forms import Form
from app.core.http.pages import Filters
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import Forbidden
from app.records.queries import record, record_for_answer, records
from app.web.console import access, alerts, follow_ups, not_asked, pages, phoning
from app.web.console.browsers import by_cookie
from app.web.console.framing import After, Further, framed
from app.web.console.kept import check_patient
from app.web.console.who import FOLLOWED

PAGE: Final = pages.HOME + FOLLOWED.path
AT_ONCE: Final = 50

router = APIRouter(prefix=PAGE, include_in_schema=False, route_class=Route)
Following = Annotated[Operation, Depends(Authorize(*FOLLOWED.scopes, identify=by_cookie))]
Asking = Annotated[Operation, Depends(Authorize(Scope.ASKS_WRITE, identify=by_cookie))]


Show = Literal[
    "call", "not_asked", "due", "sent", "unsure", "answered", "failed", "cancelled", "expired"
]
"""The lists of the page: those of `follow_ups.TABS`, and the visits that nobody asks about."""


class Wanted(Further):
    """Which of the lists is shown."""

    show: Show = Field(default="call")


@router.get("", operation_id="console.follow-ups")
def list_follow_ups(op: Following, wanted: Annotated[Wanted, Query()]) -> HTMLResponse:
    """Show one of the lists, newest first, and how many each has.

    Raises `Forbidden` for the visits that nobody asks about, if the client may not see them.
    """
    tabs, counts = _tabs(op)
    part = Filters(limit=AT_ONCE, cursor=wanted.cursor)
    if wanted.show not in tabs:
        raise Forbidden("You may not see this list.", scope=Scope.FOLLOW_UPS_WRITE)
    missed = wanted.show == not_asked.SHOW
    found, cursor = (
        not_asked.listed(op, part) if missed else follow_ups.listed(op, wanted.show, part)
    )
    return framed(
        "follow_ups.html",
        op,
        listed=found,
        cursor=cursor,
        show=wanted.show,
        tabs=tabs,
        counts=counts,
        days=not_asked.UNTIL.days,
    )


def _tabs(op: Operation) -> tuple[dict[str, str], dict[str, int]]:
    """Return the labels of the lists that the client may see, and how many each has."""
    counts = follow_ups.counts(op)
    labels = {name: label for name, (label, _) in follow_ups.TABS.items()}
    if not not_asked.may_see(op):
        return labels, counts
    first = {"call": labels.pop("call"), not_asked.SHOW: not_asked.LABEL}
    return first | labels, counts | {not_asked.SHOW: not_asked.count(op)}


@router.get("/{id:uuid}", operation_id="console.follow-up")
def one_follow_up(op: Following, id: UUID, after: Annotated[After, Query()]) -> HTMLResponse:
    """Show one ask with its messages, and the forms to see to it."""
    del after  # `framed` says it
    return _one(op, record_for_answer(op, ASKS, id))


@router.post("/{id:uuid}/send", operation_id="console.send-again")
def send(op: Asking, id: UUID, form: Form) -> Response:
    """Let a message go again. The problem says why none may go."""
    check_patient(form, record(op, ASKS, id)["patient_id"])
    actions.send_again(op, id)
    return pages.redirect(f"{PAGE}/{id}", "sending")


@router.post("/{id:uuid}/cancel", operation_id="console.cancel-ask")
def cancel(op: Asking, id: UUID, form: Form) -> Response:
    """Cancel an ask, with a reason."""
    ask = record(op, ASKS, id)
    check_patient(form, ask["patient_id"])
    body = access.body_of(CancelBody, {"note": form.get("note", "")})
    try:
        actions.cancel(op, id, body.note)
    except AskEnded as ended:
        return _one(op, ask, ended)
    return pages.redirect(f"{PAGE}/{id}", "cancelled")


def _one(op: Operation, ask: AskView, refused: AskEnded | None = None) -> HTMLResponse:
    [shown] = follow_ups.shown(op, [ask])
    may_ask = op.caller.may(Scope.ASKS_WRITE)
    page = framed(
        "follow_up.html",
        op,
        shown=shown,
        refused=refused,
        answer=phoning.answer(op, ask),
        alarms=[(one, raised(op, UUID(one.alert["id"]))) for one in _alarms(op, ask)],
        actions=alerts.ACTIONS,
        may_ask=may_ask,
        may_cancel=may_ask and actions.may_cancel(ask),
        may_phone=op.caller.may(Scope.FOLLOW_UPS_WRITE),
        why_not=follow_ups.why_not(op, ask) if may_ask else None,
    )
    page.status_code = 200 if refused is None else int(refused.status)
    return page


def _alarms(op: Operation, ask: AskView) -> list[Any]:
    """Return the open alerts about the visit."""
    if not op.caller.may(Scope.ALERTS_READ):
        return []
    wanted = AlertFilters(status="open", patient_id=ask["patient_id"])
    found, _ = records(op, ALERTS, wanted)
    return alerts.shown(op, [one for one in found if one["session_id"] == ask["session_id"]])
