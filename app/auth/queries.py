"""From a token to its caller."""

import time
from uuid import UUID

from sqlalchemy import Connection, bindparam, select
from starlette.concurrency import run_in_threadpool

from app.auth.models import Client
from app.auth.rules import API_KEY, parse_key
from app.core.access import Caller, Refused, Scope
from app.core.clock import now
from app.core.database import Database

CACHED_S = 5
CACHED_MAX = 10_000
REFUSED_AGAIN_S = 60

# The one query that can't start from a clinic: it is what finds the clinic.
_CLIENT = select(Client).where(Client.id == bindparam("id"))


class Authenticator:
    """Checks tokens; what it found stays good for `CACHED_S` seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[Caller, float]] = {}
        self._refused: dict[tuple[UUID | None, str], float] = {}

    async def __call__(self, token: str) -> Caller | Refused | None:
        """The caller behind a token, or whose token it is that isn't valid now."""
        caller, until = self._known.get(token, (None, 0.0))
        if caller is not None and time.monotonic() < until:
            return caller
        found = await run_in_threadpool(self._look_up, token)
        if not isinstance(found, Caller):
            self._known.pop(token, None)
            return None if found is None else self._noted(found)
        if len(self._known) >= CACHED_MAX:
            self._known.clear()
        self._known[token] = (found, time.monotonic() + CACHED_S)
        return found

    def _noted(self, refused: Refused) -> Refused:
        """The refusal, marked if it is one of many."""
        what, at = (refused.caller.client_id, refused.reason), time.monotonic()
        again = at < self._refused.get(what, 0.0)
        if not again:
            self._refused[what] = at + REFUSED_AGAIN_S
        return refused._replace(again=again)

    def _look_up(self, token: str) -> Caller | Refused | None:
        if parse_key(token, API_KEY) is None:
            return None
        with self._database.reading() as db:
            return caller_of(db, token)


def caller_of(db: Connection, token: str) -> Caller | Refused | None:
    """The caller whose API key this is; `Refused` if the key is wrong, expired or revoked."""
    key = parse_key(token, API_KEY)
    client = None if key is None else db.execute(_CLIENT, {"id": key.client_id}).first()
    if key is None or client is None:
        return None
    # A key may hold a scope that this version of the program doesn't know.
    scopes = frozenset(scope for scope in Scope if scope in client.scopes)
    caller = Caller(client.clinic_id, client.id, f"client:{client.id}", scopes)
    if client.secret_digest is None or not key.matches(client.secret_digest):
        return Refused(caller, "wrong secret")
    if client.revoked_at is not None:
        return Refused(caller, "revoked key")
    if client.expires_at is not None and client.expires_at <= now():
        return Refused(caller, "expired key")
    return caller
