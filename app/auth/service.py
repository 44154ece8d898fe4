"""Issue, rotate and delete refresh tokens (each valid once) and browser tokens."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, update

from app.auth.models import AccessToken, BrowserToken, RefreshToken
from app.auth.rules import (
    BROWSER_IDLE,
    BROWSER_TOKEN,
    REFRESH_LIFE,
    REFRESH_TOKEN,
    Key,
    Untrusted,
    new_key,
    refresh_verdict,
)
from app.core.operation import CLINIC, Operation, rows

_OWN: Final = (RefreshToken.clinic_id == CLINIC, RefreshToken.client_id == bindparam("holder"))
_TOKEN = rows(RefreshToken).where(*_OWN, RefreshToken.digest == bindparam("known"))
_LAST_USED = rows(RefreshToken, func.max(RefreshToken.used_at)).where(*_OWN)
_USE = update(RefreshToken).where(*_OWN, RefreshToken.used_at.is_(None))
_FORGET = delete(RefreshToken).where(
    RefreshToken.clinic_id == CLINIC, RefreshToken.expires_at < bindparam("before")
)
_FORGET_BROWSERS = delete(BrowserToken).where(
    BrowserToken.clinic_id == CLINIC, BrowserToken.used_at < bindparam("before")
)
_BROWSER = (
    BrowserToken.clinic_id == CLINIC,
    BrowserToken.client_id == bindparam("holder"),
    BrowserToken.digest == bindparam("known"),
)
_END_BROWSER = delete(BrowserToken).where(*_BROWSER)
_USE_BROWSER = update(BrowserToken).where(*_BROWSER).values(used_at=bindparam("at"))
_END_BROWSERS = delete(BrowserToken).where(
    BrowserToken.clinic_id == CLINIC, BrowserToken.client_id == bindparam("holder")
)
_END_PROGRAMS = (
    delete(RefreshToken).where(*_OWN),
    delete(AccessToken).where(
        AccessToken.clinic_id == CLINIC, AccessToken.client_id == bindparam("holder")
    ),
)


def new_refresh_token(op: Operation, client_id: UUID) -> Key:
    """Issue a refresh token to a client, and delete the expired ones of the clinic."""
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


def rotate_refresh_token(op: Operation, token: Key) -> Key | None:
    """Exchange a refresh token for the next one, as `refresh_verdict` decides.

    Returns None if the token was used before: the client is then to be revoked. The function that
    calls this has locked that client. Raises `Untrusted` for an expired token, and for one that
    this client never had.
    """
    own = {"holder": token.client_id}
    stored = op.first(_TOKEN, known=token.digest, **own)
    if stored is None:
        raise Untrusted("unknown refresh token")
    last_used_at = op.db.execute(_LAST_USED, {"clinic": op.clinic_id, **own}).scalar()
    verdict = refresh_verdict(op.at, stored.expires_at, stored.used_at, last_used_at)
    if verdict == "expired":
        raise Untrusted("refresh token expired")
    if verdict == "stolen":
        return None
    used_at: datetime = op.at if stored.used_at is None else stored.used_at
    op.run(_USE.values(used_at=used_at), own)
    return new_refresh_token(op, token.client_id)


def delete_tokens(op: Operation, client_id: UUID) -> None:
    """Delete every token of a client, so that it is signed out everywhere."""
    op.run(_END_BROWSERS, {"holder": client_id})
    delete_program_tokens(op, client_id)


def delete_program_tokens(op: Operation, client_id: UUID) -> None:
    """Delete the tokens of a client but those of browsers."""
    for statement in _END_PROGRAMS:
        op.run(statement, {"holder": client_id})
    op.stale_clients.add(client_id)


def sign_in_browser(op: Operation, client_id: UUID) -> Key:
    """Issue a browser token to a client, and delete the idle ones of the clinic."""
    op.run(_FORGET_BROWSERS, {"before": op.at - BROWSER_IDLE})
    token = new_key(client_id, BROWSER_TOKEN)
    row = {
        "clinic_id": op.clinic_id,
        "client_id": client_id,
        "digest": token.digest,
        "began_at": op.at,
        "used_at": op.at,
    }
    op.db.execute(insert(BrowserToken), row)
    return token


def touch_browser_token(op: Operation, token: Key) -> None:
    """Store when a browser token was last used."""
    op.run(_USE_BROWSER, {"holder": token.client_id, "known": token.digest, "at": op.at})


def sign_out_browser(op: Operation, client_id: UUID, digest: bytes) -> bool:
    """Delete the browser token of a client that has this digest; returns whether it existed."""
    return op.run(_END_BROWSER, {"holder": client_id, "known": digest}) > 0
