"""Look up the caller that a token belongs to."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from sqlalchemy import Connection, Row, Select, bindparam, literal, select
from sqlalchemy.orm import aliased

from app.auth.activity import practitioners_behind
from app.auth.models import AccessToken, Account, BrowserToken, Client, Emergency, Identity
from app.auth.provider import Provider
from app.auth.rules import (
    ACCESS_LIFE,
    ACCESS_TOKEN,
    API_KEY,
    SKEW_S,
    Key,
    Untrusted,
    browser_token_is_valid,
    parse_key,
)
from app.core.db.database import Database, set_clinic
from app.core.operation import CLINIC, rows
from app.core.values.access import ROLES, Caller, Refused, Scope
from app.core.values.clock import now

T = TypeVar("T")
PERSONAL = ("device", "identity", "account")
"""The kinds of client that may act for a practitioner."""
CACHED_S = 5
CACHED_MAX = 10_000
REFUSED_AGAIN_S = 60
USE_S = 3600
"""How accurate the stored time of a client's last use is."""
# Threads of their own: what strangers may ask for, such as `/openapi.json`, can't hold them up.
_THREADS = CapacityLimiter(4)
MAKERS_MAX = 10
"""How many clients there may be in a row in which each made the next."""

# This query can't filter by clinic: its result says which clinic the request belongs to.
_CLIENT = select(Client).where(Client.id == bindparam("id"))
_TOKEN = rows(AccessToken).where(
    AccessToken.client_id == bindparam("client_id"), AccessToken.digest == bindparam("digest")
)
_BROWSER = rows(BrowserToken).where(
    BrowserToken.client_id == bindparam("client_id"), BrowserToken.digest == bindparam("digest")
)
_IDENTITY = rows(Identity).where(Identity.client_id == bindparam("client_id"))
_ACTING_FOR = {
    kind: rows(table, table.practitioner_id).where(table.client_id == bindparam("client_id"))
    for kind, table in (("account", Account), ("identity", Identity))
}
_OPEN_EMERGENCY = rows(Emergency, Emergency.id).where(
    Emergency.client_id == bindparam("client_id"),
    Emergency.ends_at > bindparam("at"),
    Emergency.ended_at.is_(None),
)


def _makers() -> Select[Any]:
    """The query for the client `id` and every client above it, at most `MAKERS_MAX`."""
    columns = ("id", "made_by", "scopes", "role", "expires_at", "revoked_at")
    first = rows(Client, *(getattr(Client, name) for name in columns), literal(1).label("depth"))
    chain = first.where(Client.id == bindparam("id")).cte("makers", recursive=True)
    above = aliased(Client, name="above")
    # A loop ends at the depth: `UNION` would have to compare JSON.
    following = (
        select(*(getattr(above, name) for name in columns), chain.c.depth + 1)
        .join(chain, above.id == chain.c.made_by)
        .where(above.clinic_id == CLINIC, chain.c.depth < MAKERS_MAX)
    )
    every = chain.union_all(following)
    return select(every).order_by(every.c.depth)


_MAKERS = _makers()


class Use(NamedTuple):
    """That a client called."""

    clinic_id: UUID
    at: datetime


class Authenticator:
    """Checks bearer tokens, and caches the callers for `CACHED_S` seconds."""

    def __init__(self, database: Database, provider: Provider) -> None:
        self._database = database
        self._provider = provider
        self._known: dict[str, tuple[Caller, float]] = {}
        self._refused: dict[tuple[UUID | None, str], float] = {}
        self._forgot = 0
        self._used: dict[UUID, Use] = {}
        self._noted: dict[UUID, float] = {}

    async def __call__(self, token: str) -> Caller | Refused | None:
        """The caller of a token; `Refused` for a token of a known client that isn't valid now.

        None if the token belongs to no client.
        """
        caller, until = self._known.get(token, (None, 0.0))
        if caller is not None and time.monotonic() < until:
            return caller
        forgot = self._forgot
        found = await self._checked(token)
        if not isinstance(found, Caller):
            self._known.pop(token, None)
            return None if found is None else self.mark_repeated(found)
        self._note(found)
        if len(self._known) >= CACHED_MAX:
            self._known.clear()
        if forgot == self._forgot:  # else this may be what was read before the change
            self._known[token] = (found, time.monotonic() + CACHED_S)
        return found

    def forget(self, client_id: UUID) -> None:
        """Drop this client from the cache, because its rights have changed."""
        self._forgot += 1
        for token in [t for t, (c, _) in self._known.items() if c.client_id == client_id]:
            del self._known[token]

    def unstored_uses(self, ids: Collection[UUID]) -> dict[UUID, datetime]:
        """When those of these clients called of which `take_used` took no notice yet."""
        used = self._used
        return {id: used[id].at for id in ids if id in used}

    def take_used(self) -> dict[UUID, Use]:
        """The clients that were not taken within the last hour and called since."""
        used, self._used = self._used, {}
        if len(self._noted) >= CACHED_MAX:
            self._noted.clear()
        self._noted.update(dict.fromkeys(used, time.monotonic()))
        return used

    def _note(self, caller: Caller) -> None:
        """Note that a client calls, unless that was stored within the last hour."""
        id = caller.client_id
        if id is not None and time.monotonic() - self._noted.get(id, -USE_S) >= USE_S:
            self._used.setdefault(id, Use(caller.clinic_id, now()))

    def mark_repeated(self, refused: Refused) -> Refused:
        """The refusal, with `again` set if the same one was returned within the last minute."""
        what, at = (refused.caller.client_id, refused.reason), time.monotonic()
        again = at < self._refused.get(what, 0.0)
        if not again:
            self._refused[what] = at + REFUSED_AGAIN_S
        return refused._replace(again=again)

    async def _checked(self, token: str) -> Caller | Refused | None:
        if parse_key(token, API_KEY, ACCESS_TOKEN) is not None:
            return await self._in_thread(caller_by_token, token)
        try:
            client_id = await self._provider.identity(token)
        except Untrusted:
            return None
        if client_id is None:
            return None
        return await self._in_thread(caller_by_identity, client_id)

    async def _in_thread(
        self, look_up: Callable[[Connection, T], Caller | Refused | None], what: T
    ) -> Caller | Refused | None:
        return await to_thread.run_sync(self._look_up, look_up, what, limiter=_THREADS)

    def _look_up(
        self, look_up: Callable[[Connection, T], Caller | Refused | None], what: T
    ) -> Caller | Refused | None:
        with self._database.reading() as db:
            return look_up(db, what)


def client_by_id(db: Connection, id: UUID) -> Row[Any] | None:
    """The client with this id, in any clinic; None if there is none."""
    return db.execute(_CLIENT, {"id": id}).first()


def caller_by_token(db: Connection, token: str) -> Caller | Refused | None:
    """The caller of an API key or access token.

    Returns `Refused` for a wrong secret and for a client that was revoked or has expired. Returns
    None for a token that belongs to no client, and for an access token that has expired.
    """
    key = parse_key(token, API_KEY, ACCESS_TOKEN)
    client = None if key is None else client_by_id(db, key.client_id)
    if key is None or client is None:
        return None
    return _with_key(db, client, key) if key.prefix == API_KEY else _with_token(db, client, key)


class BrowserCaller(NamedTuple):
    """The caller of a browser token, and when the token was last used."""

    caller: Caller | Refused
    used_at: datetime


def caller_by_browser_token(db: Connection, key: Key) -> BrowserCaller | None:
    """The caller of a browser token; None if the token is unknown or has expired."""
    client = client_by_id(db, key.client_id)
    if client is None:
        return None
    set_clinic(db, client.clinic_id)
    held = {"clinic": client.clinic_id, "client_id": client.id, "digest": key.digest}
    token = db.execute(_BROWSER, held).first()
    if token is None or not browser_token_is_valid(now(), token.began_at, token.used_at):
        return None
    return BrowserCaller(_in_person(db, client), token.used_at)


def acting_practitioner(db: Connection, client: Row[Any]) -> UUID | None:
    """The practitioner for whom an account or identity acts; None for other staff and programs."""
    if client.kind not in _ACTING_FOR:
        return None
    set_clinic(db, client.clinic_id)
    held = {"clinic": client.clinic_id, "client_id": client.id}
    found: UUID | None = db.execute(_ACTING_FOR[client.kind], held).scalar()
    return found


def caller_by_identity(db: Connection, id: UUID) -> Caller | Refused | None:
    """The practitioner whom the identity provider signed in; None if no clinic knows them."""
    client = client_by_id(db, id)
    if client is None:
        return None
    set_clinic(db, client.clinic_id)
    return _in_person(db, client)


def _in_person(db: Connection, client: Row[Any]) -> Caller | Refused:
    """The caller of a client that signs in without a token of its own."""
    caller = caller_for(client, practitioner_id=acting_practitioner(db, client))
    return _in_emergency(db, in_force(db, client, caller))


def _with_key(db: Connection, client: Row[Any], key: Key) -> Caller | Refused:
    caller = caller_for(client)
    if not any(map(key.matches, _valid_digests(client))):
        return Refused(caller, "wrong secret")
    return in_force(db, client, caller)


def _valid_digests(client: Row[Any]) -> list[bytes]:
    """The digests of an API key's secret, and of its earlier secret while that is valid."""
    until = client.earlier_secret_until
    earlier = None if until is None or until <= now() else client.earlier_secret_digest
    return [digest for digest in (client.secret_digest, earlier) if digest is not None]


def _with_token(db: Connection, client: Row[Any], key: Key) -> Caller | Refused | None:
    set_clinic(db, client.clinic_id)
    held = {"clinic": client.clinic_id, "client_id": client.id, "digest": key.digest}
    token = db.execute(_TOKEN, held).first()
    if token is None:
        return Refused(caller_for(client), "unknown token")
    if token.expires_at <= now():
        return None
    if token.expires_at > now() + ACCESS_LIFE + timedelta(seconds=SKEW_S):
        return Refused(caller_for(client), "token that was not issued here")
    caller = caller_for(client, token.scopes, token.practitioner_id)
    return _in_emergency(db, in_force(db, client, caller))


def _in_emergency(db: Connection, found: Caller | Refused) -> Caller | Refused:
    if isinstance(found, Refused) or found.practitioner_id is None:
        return found
    return replace(found, emergency_id=open_emergency(db, found, now()))


def open_emergency(db: Connection, caller: Caller, at: datetime) -> UUID | None:
    """The id of the emergency access that the caller's client has at this time, or None."""
    held = {"clinic": caller.clinic_id, "client_id": caller.client_id, "at": at}
    found: UUID | None = db.execute(_OPEN_EMERGENCY, held).scalar()
    return found


def caller_for(
    client: Row[Any], scopes: list[Any] | None = None, practitioner_id: UUID | None = None
) -> Caller:
    """The caller for a client, or for the practitioner who acts through it.

    They get all scopes of the client, or those of `scopes` that the client holds.
    """
    own = scopes_of(client)
    held = own if scopes is None else [s for s in scopes if s in own]
    # A client may hold a scope that this version of the program doesn't know.
    known = frozenset(scope for scope in Scope if scope in held)
    who = f"practitioner:{practitioner_id}" if practitioner_id else f"client:{client.id}"
    return Caller(
        *(client.clinic_id, client.id, who, known, practitioner_id),
        name=client.name,
        role=client.role,
    )


def scopes_of(client: Row[Any]) -> Collection[str]:
    """The scopes that a client holds itself: those of its role, or those that it was given."""
    given: Collection[str] = ROLES.get(client.role, ()) if client.role else client.scopes
    return given


def in_force(db: Connection, client: Row[Any], caller: Caller) -> Caller | Refused:
    """The caller, with the scopes that every maker of their client holds, too.

    Returns `Refused` if their client, or one of its makers, was revoked or has expired, or if a
    practitioner behind one of them is inactive today.
    """
    ended = _ended(client)
    if ended is not None:
        return Refused(caller, f"{ended} key")
    if client.made_by is None and client.kind not in PERSONAL:
        return caller
    set_clinic(db, client.clinic_id)
    behind = practitioners_behind(db, client.clinic_id, client.id)
    if any(practitioner.inactive for practitioner in behind):
        return Refused(caller, "inactive practitioner")
    if client.made_by is None:
        return caller
    above = makers(db, client.clinic_id, client.made_by)
    ended = next(filter(None, map(_ended, above)), None)
    known = {None, *(maker.id for maker in above)}
    if not {client.made_by, *(maker.made_by for maker in above)} <= known:
        ended = "unknown"
    if ended is not None:
        return Refused(caller, f"{ended} maker")
    rights = [scopes_of(maker) for maker in above]
    held = (scope for scope in caller.scopes if all(scope in of_maker for of_maker in rights))
    maker = next((practitioner.id for practitioner in behind), None)
    # A person acts for themselves, never for who made their account.
    behind_program = None if client.kind == "account" else maker
    return replace(caller, scopes=frozenset(held), behind=behind_program)


def _ended(client: Row[Any]) -> str | None:
    if client.revoked_at is not None:
        return "revoked"
    if client.expires_at is not None and client.expires_at <= now():
        return "expired"
    return None


def makers(db: Connection, clinic_id: UUID, id: UUID) -> Sequence[Row[Any]]:
    """This client and the clients above it, each made by the next: at most `MAKERS_MAX`."""
    return db.execute(_MAKERS, {"clinic": clinic_id, "id": id}).all()
