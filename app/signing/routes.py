"""`/v1/sessions/{id}/sign`."""

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
from app.records.errors import DiffersFromLedger
from app.records.routes import answer
from app.sessions.errors import NotReadyToSign, NotYourSession, SessionSigned, SessionVoid
from app.sessions.schemas import SignBody
from app.sessions.views import SessionView
from app.signing import service

router = APIRouter(prefix="/v1/sessions", tags=["sessions"], route_class=Route)
Signing = Annotated[Operation, Depends(Authorize(Scope.SESSIONS_SIGN))]
NO_OVERRIDES: Final = SignBody()


@router.post(
    "/{id:uuid}/sign",
    operation_id="sessions.sign",
    responses=documented(
        *(NotFound, VersionMissing, VersionStale, DiffersFromLedger, SessionVoid, NotYourSession),
        *(SessionSigned, NotReadyToSign),
    ),
)
def sign(op: Signing, id: UUID, body: SignBody = NO_OVERRIDES) -> Answer[SessionView]:
    """Sign a draft. After that it can only be amended or voided.

    Counts of needles agree, depths fit the needles, levels and sides fit the muscles, and the
    patient refused or withdrew no consent. The signer may override each of these with a reason.
    A practitioner signs, amends and voids their own sessions, or all if the clinic's
    `whose_sessions` is `any`. A program acts for the practitioner whom the session names.
    """
    return answer(service.sign(op, id, body))
