"""`/v1/sessions/{id}/sign` and `/v1/sessions/{id}/amend`."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends

from app.core.http.answers import Answer
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound, VersionMissing, VersionStale
from app.records.errors import DiffersFromLedger, IdentifierTaken, StillReliedOn
from app.records.routes import answer
from app.sessions.errors import (
    NotReadyToSign,
    NotYourSession,
    SessionDraft,
    SessionSigned,
    SessionVoid,
)
from app.sessions.schemas import AmendBody, SignBody
from app.sessions.views import SessionView
from app.signing import service

router = APIRouter(prefix="/v1/sessions", tags=["sessions"], route_class=Route)
Signing = Annotated[Operation, Depends(Authorize(Scope.SESSIONS_SIGN))]
NO_OVERRIDES: Final = SignBody()
CHANGE = (NotFound, VersionMissing, VersionStale, DiffersFromLedger, SessionVoid, NotYourSession)


@router.post(
    "/{id:uuid}/sign",
    operation_id="sessions.sign",
    responses=documented(*CHANGE, SessionSigned, NotReadyToSign),
)
def sign(op: Signing, id: UUID, body: SignBody = NO_OVERRIDES) -> Answer[SessionView]:
    """Sign a draft. After that it can only be amended or voided.

    Counts of needles agree, depths fit the needles, levels and sides fit the muscles, and the
    patient refused or withdrew no consent. An answer of concern in the last screening has a detail
    if the visit proceeds. The signer may override each of these with a reason.
    A practitioner signs, amends and voids their own sessions, or all if the clinic's
    `whose_sessions` is `any`. A program acts for the practitioner whom the session names.
    """
    return answer(service.sign(op, id, body))


@router.post(
    "/{id:uuid}/amend",
    operation_id="sessions.amend",
    responses=documented(*CHANGE, SessionDraft, NotReadyToSign, StillReliedOn, IdentifierTaken),
)
def amend(op: Signing, id: UUID, body: AmendBody) -> Answer[SessionView]:
    """Amend a signed session. Earlier versions stay readable.

    What keeps a session from being signed keeps it from being amended so, unless the session had
    that fault before: then the fault is among its `warnings`. The signer may override it.
    """
    return answer(service.amend(op, id, body))
