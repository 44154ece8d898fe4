"""Issue access tokens."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, delete, insert

from app.auth.models import AccessToken, UsedAssertion
from app.auth.rules import ACCESS_LIFE, ACCESS_TOKEN, Untrusted, new_key
from app.core.db.bulk import insert_unless_taken
from app.core.operation import CLINIC, Operation

# An expired token is kept for a day, so that it isn't reported as an unknown one.
REMEMBERED: Final = timedelta(days=1)

_FORGET_TOKENS = delete(AccessToken).where(
    AccessToken.clinic_id == CLINIC, AccessToken.expires_at < bindparam("before")
)
_FORGET_ASSERTIONS = delete(UsedAssertion).where(
    UsedAssertion.clinic_id == CLINIC, UsedAssertion.expires_at < bindparam("before")
)


def use_assertion(op: Operation, jti: str, ends: float) -> None:
    """Store that this assertion was used; `Untrusted` if it was used before.

    `ends` is when it expires, in seconds since 1970.
    """
    op.run(_FORGET_ASSERTIONS, {"before": op.at})
    used = {
        "clinic_id": op.clinic_id,
        "client_id": op.caller.client_id,
        "jti_digest": hashlib.sha256(jti.encode()).digest(),
        "expires_at": datetime.fromtimestamp(ends, UTC),
    }
    if not insert_unless_taken(op.db, UsedAssertion, used):
        raise Untrusted("used before")


def issue_access_token(
    op: Operation, scopes: list[str], practitioner_id: UUID | None = None
) -> dict[str, Any]:
    """Issue an access token to the caller's client. Returns the token answer (RFC 6749 §5.1).

    With `practitioner_id` the token is for the practitioner who acts through that client.
    """
    if op.caller.client_id is None:
        raise AssertionError
    op.run(_FORGET_TOKENS, {"before": op.at - REMEMBERED})
    token = new_key(op.caller.client_id, ACCESS_TOKEN)
    row = {
        "clinic_id": op.clinic_id,
        "client_id": op.caller.client_id,
        "digest": token.digest,
        "scopes": scopes,
        "practitioner_id": practitioner_id,
        "expires_at": op.at + ACCESS_LIFE,
    }
    op.db.execute(insert(AccessToken), row)
    return {
        "access_token": str(token),
        "token_type": "bearer",
        "expires_in": int(ACCESS_LIFE.total_seconds()),
        "scope": " ".join(scopes),
    }
