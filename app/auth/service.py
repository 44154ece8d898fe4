"""Refresh tokens: what a client gets its next access token with, each of them good once."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, update

from app.auth.models import AccessToken, RefreshToken
from app.auth.rules import REFRESH_LIFE, REFRESH_TOKEN, Key, Untrusted, judge, new_key
from app.core.operation import CLINIC, Operation, rows

_OWN: Final = (RefreshToken.clinic_id == CLINIC, RefreshToken.client_id == bindparam("holder"))
_TOKEN = rows(RefreshToken).where(*_OWN, RefreshToken.digest == bindparam("known"))
_LAST_USED = rows(RefreshToken, func.max(RefreshToken.used_at)).where(*_OWN)
_USE = update(RefreshToken).where(*_OWN, RefreshToken.used_at.is_(None))
_FORGET = delete(RefreshToken).where(
    RefreshToken.clinic_id == CLINIC, RefreshToken.expires_at < bindparam("before")
)
_END = (
    delete(RefreshToken).where(*_OWN),
    delete(AccessToken).where(
        AccessToken.clinic_id == CLINIC, AccessToken.client_id == bindparam("holder")
    ),
)


def new_refresh_token(op: Operation, client_id: UUID) -> Key:
    """A client's next refresh token."""
    op.run(_FORGET, {"before": op.at})
    token = new_key(client_id, REFRESH_TOKEN)
    row = {
        "clinic_id": op.clinic_id,
        "client_id": client_id,
        "digest": token.digest,
        "expires_at": op.at + REFRESH_LIFE,
        "used_at": None,
    }
    op.db.execute(insert(RefreshToken), row)
    return token


def exchange(op: Operation, token: Key) -> Key | None:
    """Take a refresh token for the next one; `judge` says which of them is good.

    None where it was used before: whose it is, which the caller has locked, is to be ended then.
    `Untrusted` if it has run out, or is none of the client's.
    """
    own = {"holder": token.client_id}
    stored = op.first(_TOKEN, known=token.digest, **own)
    if stored is None:
        raise Untrusted("unknown refresh token")
    last_used_at = op.db.execute(_LAST_USED, {"clinic": op.clinic_id, **own}).scalar()
    verdict = judge(op.at, stored.expires_at, stored.used_at, last_used_at)
    if verdict == "expired":
        raise Untrusted("refresh token expired")
    if verdict == "stolen":
        return None
    used_at: datetime = op.at if stored.used_at is None else stored.used_at
    op.run(_USE.values(used_at=used_at), own)
    return new_refresh_token(op, token.client_id)


def end_tokens(op: Operation, client_id: UUID) -> None:
    """Let nothing that a client was given be good any more."""
    for statement in _END:
        op.run(statement, {"holder": client_id})
    op.renewed.add(client_id)
