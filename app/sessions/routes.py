"""`/v1/sessions`."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.core.access import Scope
from app.core.operation import Operation
from app.core.pages import view_of_page
from app.core.problems import NotFound, VersionMissing, VersionStale
from app.core.routing import Answer, Routes
from app.ledger import queries as ledger
from app.ledger import service as account
from app.records.errors import StillRelied
from app.records.queries import record, saw
from app.records.routes import answer, serve_reads, serve_writes
from app.sessions import service
from app.sessions.errors import NotReadyToSign, SessionDraft, SessionSigned, SessionVoid
from app.sessions.schemas import AmendBody, SessionView, VersionFilters, VersionView, VoidBody
from app.sessions.service import SESSIONS

READ, WRITE = Scope.SESSIONS_READ, Scope.SESSIONS_WRITE
CHANGE = (NotFound, VersionMissing, VersionStale, SessionVoid)

routes = Routes("/v1/sessions", "sessions")
serve_reads(routes, SESSIONS, READ)
serve_writes(routes, SESSIONS, WRITE, SessionSigned, SessionVoid)


@routes.post(
    "/{id}/sign",
    name="sessions.sign",
    scope=WRITE,
    view=SessionView,
    problems=(*CHANGE, SessionSigned, NotReadyToSign),
)
def sign(op: Operation, id: UUID) -> Answer:
    """Sign a session."""
    return answer(service.sign(op, id))


@routes.post(
    "/{id}/amend",
    name="sessions.amend",
    scope=WRITE,
    view=SessionView,
    problems=(*CHANGE, SessionDraft, NotReadyToSign, StillRelied),
)
def amend(op: Operation, id: UUID, body: AmendBody) -> Answer:
    """Amend a signed session; earlier versions stay readable."""
    return answer(service.amend(op, id, body))


@routes.post("/{id}/void", name="sessions.void", scope=WRITE, view=SessionView, problems=CHANGE)
def void(op: Operation, id: UUID, body: VoidBody) -> Answer:
    """Void a session; it stays readable, and counts nowhere."""
    return answer(service.void(op, id, body.reason))


@routes.get(
    "/{id}/versions",
    name="sessions.versions",
    scope=READ,
    view=view_of_page(VersionView),
    problems=(NotFound,),
)
def versions(op: Operation, id: UUID, filters: VersionFilters) -> Answer:
    """List the versions of a session, oldest first."""
    session = record(op, SESSIONS, id)
    saw(op, SESSIONS, session)
    items, more = ledger.versions(op, SESSIONS.noun, id, filters.after, filters.limit)
    following = {"after": items[-1]["version"]} if more else None
    return Answer({"items": items, "next": None}, following=following)


@routes.get(
    "/{id}/versions/{version}",
    name="sessions.version",
    scope=READ,
    view=SessionView,
    problems=(NotFound,),
)
def version(op: Operation, id: UUID, version: Annotated[int, Field(ge=1, le=2**31 - 1)]) -> Answer:
    """Read a session as it was in one of its versions."""
    found = ledger.version(op, SESSIONS.noun, id, version)
    if found is None:
        raise NotFound
    account.record_access(op, SESSIONS.noun, id, UUID(found["patient_id"]), version)
    return Answer(found, version=version)
