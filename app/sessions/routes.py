"""`/v1/sessions`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from app.core.http.answers import Answer, Page
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.pages import Filters, position
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound, VersionMissing, VersionStale
from app.ledger import queries as ledger
from app.ledger import service as account
from app.records.errors import DiffersFromLedger
from app.records.queries import record, record_access
from app.records.routes import add_reads, add_writes, answer
from app.sessions import service
from app.sessions.errors import (
    NotYourSession,
    SessionSigned,
    SessionVoid,
)
from app.sessions.schemas import VersionView, VoidBody
from app.sessions.service import SESSIONS
from app.sessions.views import SessionView

router = APIRouter(prefix="/v1/sessions", tags=["sessions"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.SESSIONS_READ))]
Signing = Annotated[Operation, Depends(Authorize(Scope.SESSIONS_SIGN))]
CHANGE = (NotFound, VersionMissing, VersionStale, DiffersFromLedger, SessionVoid, NotYourSession)

add_reads(router, SESSIONS, Scope.SESSIONS_READ)
add_writes(router, SESSIONS, Scope.SESSIONS_WRITE, SessionSigned, SessionVoid)


@router.post("/{id:uuid}/void", operation_id="sessions.void", responses=documented(*CHANGE))
def void(op: Signing, id: UUID, body: VoidBody) -> Answer[SessionView]:
    """Void a session. It stays readable, but no statistic counts it.

    Use it for a session that should not exist, such as one of the wrong patient.
    """
    return answer(service.void(op, id, body.reason))


@router.get("/{id:uuid}/versions", operation_id="sessions.versions", responses=documented(NotFound))
def versions(op: Reading, id: UUID, filters: Annotated[Filters, Query()]) -> Page[VersionView]:
    """List the versions of a session, oldest first.

    Each tells who made it, when and why, with the session as it was afterwards.
    """
    session = record(op, SESSIONS, id)
    record_access(op, SESSIONS, session)
    items, more = ledger.versions(op, SESSIONS.noun, id, position(filters), filters.limit)
    cursor = str(items[-1]["version"]) if more else None
    for item in items:
        if item["body"] is not None:
            item["body"] = dict(SESSIONS.answer_from(item["body"]))
    return Page(items, cursor)


@router.get(
    "/{id:uuid}/versions/{version}",
    operation_id="sessions.version",
    responses=documented(NotFound),
)
def version(
    op: Reading,
    id: UUID,
    version: Annotated[int, Path(ge=1, le=2**31 - 1, description="1 for the first version.")],
) -> Answer[SessionView]:
    """Read a session as it was in one of its versions.

    The first version has the number 1.
    """
    body = ledger.version(op, SESSIONS.noun, id, version)
    if body is None:
        raise NotFound
    session = SESSIONS.from_json(body)
    account.record_access(op, SESSIONS.noun, id, session["patient_id"], version)
    return Answer(SESSIONS.answer_from(body), version=version)
