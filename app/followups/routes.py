"""`/v1/sessions/{session_id}/follow-ups`: reports are added and read, never changed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.core.http.answers import Answer, Page
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.faults import Fault
from app.core.values.problems import IdTaken, Invalid, NotFound
from app.followups.schemas import FollowUpBody, FollowUpFilters
from app.followups.service import FOLLOW_UPS
from app.followups.views import FollowUpView, WrittenFollowUpView
from app.records.queries import check_exists, record_for_answer, records
from app.records.routes import answer, answer_stored
from app.records.service import create_one
from app.sessions.service import SESSIONS

router = APIRouter(
    prefix="/v1/sessions/{session_id:uuid}/follow-ups", tags=["follow-ups"], route_class=Route
)
Reading = Annotated[Operation, Depends(Authorize(Scope.FOLLOW_UPS_READ))]
Writing = Annotated[Operation, Depends(Authorize(Scope.FOLLOW_UPS_WRITE))]


@router.get("", operation_id="follow_ups.list", responses=documented(NotFound))
def follow_ups(
    op: Reading, session_id: UUID, filters: Annotated[FollowUpFilters, Query()]
) -> Page[FollowUpView]:
    """List what the patient reported after a session, oldest first.

    A session may have several reports. None overwrites another.
    """
    check_exists(op, SESSIONS, session_id)
    return Page(*records(op, FOLLOW_UPS, filters, session_id=session_id))


@router.get("/{id:uuid}", operation_id="follow_ups.read", responses=documented(NotFound))
def follow_up(op: Reading, session_id: UUID, id: UUID) -> Answer[FollowUpView]:
    """Read one follow-up.

    The server adds the hours since the visit and their named window.
    """
    view = record_for_answer(op, FOLLOW_UPS, id)
    if view["session_id"] != session_id:
        raise NotFound
    return answer(view)


@router.post(
    "",
    status_code=201,
    operation_id="follow_ups.create",
    responses=documented(NotFound, IdTaken),
)
def create(op: Writing, session_id: UUID, body: FollowUpBody) -> Answer[WrittenFollowUpView]:
    """Add a follow-up. Any red flag in it raises an alert.

    Send what was asked and leave out the rest: absent is not the same as no.
    """
    return _create(op, session_id, body)


@router.put(
    "/{id:uuid}",
    status_code=201,
    operation_id="follow_ups.replace",
    responses=documented(NotFound, IdTaken),
)
def put(op: Writing, session_id: UUID, id: UUID, body: FollowUpBody) -> Answer[WrittenFollowUpView]:
    """Add a follow-up with the client's own id. It can't be changed afterwards.

    Sent again with the same content, it answers with the stored report.
    """
    if body.id not in {None, id}:
        raise Invalid([Fault("/id", "id_fixed", "The id differs from the id in the address.")])
    return _create(op, session_id, body.model_copy(update={"id": id}))


def _create(op: Operation, session_id: UUID, body: FollowUpBody) -> Answer[WrittenFollowUpView]:
    check_exists(op, SESSIONS, session_id)
    if body.session_id not in {None, session_id}:
        raise Invalid(
            [
                Fault(
                    "/session_id",
                    "id_fixed",
                    "The session differs from the session in the address.",
                )
            ]
        )
    whole = body.model_copy(update={"session_id": session_id})
    view, is_new = create_one(op, FOLLOW_UPS, whole)
    folder = f"/v1/sessions/{session_id}/follow-ups"
    written = FOLLOW_UPS.answer_to_write(op, view)
    return answer_stored(written, is_new=is_new, folder=folder)
