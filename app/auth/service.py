"""Refresh tokens, each of them good once, and the tokens of browsers that are signed in."""

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
    judge,
    new_key,
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
_END = (
    delete(RefreshToken).where(*_OWN),
    delete(BrowserToken).where(
        BrowserToken.clinic_id == CLINIC, BrowserToken.client_id == bindparam("holder")
    ),
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
    op.stale_clients.add(client_id)


def let_browser_in(op: Operation, client_id: UUID) -> Key:
    """What the browser of this client holds from now on."""
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


def use_browser(op: Operation, token: Key) -> None:
    """Note that a browser's token is in use."""
    op.run(_USE_BROWSER, {"holder": token.client_id, "known": token.digest, "at": op.at})


def let_browser_out(op: Operation, token: Key) -> bool:
    """End a browser's token; answers whether it was good."""
    return op.run(_END_BROWSER, {"holder": token.client_id, "known": token.digest}) > 0
