"""Giving tokens out."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, delete, insert

from app.auth.models import AccessToken, UsedAssertion
from app.auth.rules import ACCESS_TOKEN, Untrusted, new_key
from app.core.db.bulk import insert_unless_taken
from app.core.operation import CLINIC, Operation

LIFE: Final = timedelta(minutes=5)
# A token that has run out is told from one that never was for as long as its client may hold it.
REMEMBERED: Final = timedelta(days=1)

_FORGET_TOKENS = delete(AccessToken).where(
    AccessToken.clinic_id == CLINIC, AccessToken.expires_at < bindparam("before")
)
_FORGET_ASSERTIONS = delete(UsedAssertion).where(
    UsedAssertion.clinic_id == CLINIC, UsedAssertion.expires_at < bindparam("before")
)


def use_assertion(op: Operation, jti: str, ends: float) -> None:
    """Let this assertion be good once; `Untrusted` if it was used before."""
    op.run(_FORGET_ASSERTIONS, {"before": op.at})
    used = {
        "clinic_id": op.clinic_id,
        "client_id": op.caller.client_id,
        "jti_digest": hashlib.sha256(jti.encode()).digest(),
        "expires_at": datetime.fromtimestamp(ends, UTC),
    }
    if not insert_unless_taken(op.db, UsedAssertion, used):
        raise Untrusted("used before")


def give(op: Operation, scopes: list[str], practitioner_id: UUID | None = None) -> dict[str, Any]:
    """A new access token for the caller's client, or for who acts by it."""
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
        "expires_at": op.at + LIFE,
    }
    op.db.execute(insert(AccessToken), row)
    return {
        "access_token": str(token),
        "token_type": "bearer",
        "expires_in": int(LIFE.total_seconds()),
        "scope": " ".join(scopes),
    }
