"""`/v1/sessions/{session_id}/follow-ups`: reports are added and read, never changed."""

from uuid import UUID

from app.core.access import Scope
from app.core.faults import Fault
from app.core.operation import Operation
from app.core.pages import view_of_page
from app.core.problems import IdTaken, Invalid, NotFound
from app.core.routing import Answer, Routes
from app.followups.schemas import FollowUpBody, FollowUpFilters
from app.followups.service import FOLLOW_UPS
from app.followups.views import FollowUpView
from app.records.queries import record, records, shown
from app.records.routes import answer
from app.records.service import create_one
from app.sessions.service import SESSIONS

READ, WRITE = Scope.FOLLOW_UPS_READ, Scope.FOLLOW_UPS_WRITE

routes = Routes("/v1/sessions/{session_id}/follow-ups", "follow-ups")


@routes.get(
    "", name="follow_ups.list", scope=READ, view=view_of_page(FollowUpView), problems=(NotFound,)
)
def follow_ups(op: Operation, session_id: UUID, filters: FollowUpFilters) -> Answer:
    """List what the patient reported after a session, oldest first."""
    record(op, SESSIONS, session_id)
    return Answer.page(*records(op, FOLLOW_UPS, filters, session_id=session_id))


@routes.get("/{id}", name="follow_ups.read", scope=READ, view=FollowUpView, problems=(NotFound,))
def follow_up(op: Operation, session_id: UUID, id: UUID) -> Answer:
    """Read one report."""
    found = shown(op, FOLLOW_UPS, id)
    if found["session_id"] != session_id:
        raise NotFound
    return answer(found)


@routes.post(
    "",
    name="follow_ups.create",
    scope=WRITE,
    view=FollowUpView,
    status=201,
    problems=(NotFound, IdTaken),
)
def create(op: Operation, session_id: UUID, body: FollowUpBody) -> Answer:
    """Add a report. Any red flag in it raises the session's alert."""
    return _create(op, session_id, body)


@routes.put(
    "/{id}",
    name="follow_ups.replace",
    scope=WRITE,
    view=FollowUpView,
    status=201,
    problems=(NotFound, IdTaken),
)
def put(op: Operation, session_id: UUID, id: UUID, body: FollowUpBody) -> Answer:
    """Add a report under its client's own id. It can't be changed afterwards."""
    if body.id not in {None, id}:
        raise Invalid([Fault("/id", "id_fixed", "It is not the id in the address.")])
    return _create(op, session_id, body.model_copy(update={"id": id}))


def _create(op: Operation, session_id: UUID, body: FollowUpBody) -> Answer:
    record(op, SESSIONS, session_id)
    if body.session_id not in {None, session_id}:
        raise Invalid([Fault("/session_id", "id_fixed", "It is not the session in the address.")])
    whole = body.model_copy(update={"session_id": session_id})
    view, new = create_one(op, FOLLOW_UPS, whole)
    return answer(view, new_at=f"/v1/sessions/{session_id}/follow-ups" if new else None)
