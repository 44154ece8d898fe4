"""From a token to its caller."""

import time

from sqlalchemy import Connection, bindparam, select
from starlette.concurrency import run_in_threadpool

from app.auth.models import Client
from app.auth.rules import parse_key
from app.core.access import Caller, Scope
from app.core.clock import now
from app.core.database import Database

CACHED_S = 5
CACHED_MAX = 10_000

# The one query that can't start from a clinic: it is what finds the clinic.
_CLIENT = select(Client).where(Client.id == bindparam("id"))


class Authenticator:
    """Checks tokens; what it found stays good for `CACHED_S` seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[Caller, float]] = {}

    async def __call__(self, token: str) -> Caller | None:
        """The caller behind a token; None if the token isn't valid now."""
        caller, until = self._known.get(token, (None, 0.0))
        if caller is not None and time.monotonic() < until:
            return caller
        found = await run_in_threadpool(self._look_up, token)
        if found is None:
            self._known.pop(token, None)
            return None
        if len(self._known) >= CACHED_MAX:
            self._known.clear()
        self._known[token] = (found, time.monotonic() + CACHED_S)
        return found

    def _look_up(self, token: str) -> Caller | None:
        if parse_key(token) is None:
            return None
        with self._database.reading() as db:
            return caller_of(db, token)


def caller_of(db: Connection, token: str) -> Caller | None:
    """The caller whose API key this is, unless it is unknown, expired or revoked."""
    key = parse_key(token)
    client = None if key is None else db.execute(_CLIENT, {"id": key.client_id}).first()
    if key is None or client is None or not key.matches(client.secret_digest):
        return None
    if client.revoked_at is not None:
        return None
    if client.expires_at is not None and client.expires_at <= now():
        return None
    # A key may hold a scope that this version of the program doesn't know.
    scopes = frozenset(scope for scope in Scope if scope in client.scopes)
    return Caller(client.clinic_id, client.id, f"client:{client.id}", scopes)
