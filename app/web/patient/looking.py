"""Finds out what a link shows: its state, and what stands around it on every page."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple, TypeAlias, cast
from uuid import UUID

from fastapi import Request

from app.asks.service import links
from app.asks.service.states import ANSWERS_MAX, LinkState, state
from app.clinics.queries import clinic
from app.core.db.database import Database
from app.core.http.deadline import deadline
from app.core.http.rates import Rates, client_address
from app.core.operation import Operation, perform
from app.languages.queries import DOMAIN, languages
from app.languages.rules.choice import chosen, offered
from app.web.patient.pages import Around

LOOK: Final = "link.look"
AT_ONCE: Final = timedelta()
Work: TypeAlias = Callable[[Operation, UUID], LinkState]
"""What a request does with a link, in a transaction. It returns the state to show."""


class Look(NamedTuple):
    """What a link shows."""

    state: LinkState
    around: Around
    ends_at: datetime | None = None
    due_at: datetime | None = None
    answers_left: int = 0
    alarmed: bool = False
    """Whether an alert of the patient is open, and they have answered."""
    revoked: bool = False
    """Whether nobody is to know the link any more, although it stops messages."""


def stranger(wanted: str | None) -> Look:
    """Return what a link shows that nobody knows: nothing of any clinic.

    It speaks the language that is wanted, because only an earlier page can have offered it.
    """
    return Look("unknown", Around(chosen([wanted], languages(DOMAIN))))


async def looked(
    request: Request, token: str, wanted: str | None, grace: timedelta = AT_ONCE
) -> Look:
    """Return what a link shows now. It changes nothing. `TooManyRequests` for many strangers."""
    database = cast("Database", request.app.state.database)
    return await _counted(request, partial(_look, database, token, wanted, grace))


async def done(request: Request, token: str, wanted: str | None, work: Work, name: str) -> Look:
    """Do something with a link in one transaction, and return what it shows then."""
    database = cast("Database", request.app.state.database)
    return await _counted(request, partial(_do, database, token, wanted, work, name))


async def _counted(request: Request, call: Callable[[], Look]) -> Look:
    async with deadline():
        look = await asyncio.to_thread(call)
    if look.state == "unknown" and not look.revoked:
        # Links that exist are never refused, however many others an address has tried.
        cast("Rates", request.app.state.link_rates).take(client_address(request)).apply(request)
    return look


def _look(database: Database, token: str, wanted: str | None, grace: timedelta) -> Look:
    with database.reading() as db:
        found = links.find(db, token)
    if found is None:
        return stranger(wanted)
    op = links.operation(found, LOOK)
    with database.reading(found.clinic_id) as db:
        op.begin(db)
        return _seen(op, links.look(op, found.link_id), wanted, grace)


def _do(database: Database, token: str, wanted: str | None, work: Work, name: str) -> Look:
    with database.reading() as db:
        found = links.find(db, token)
    if found is None:
        return stranger(wanted)
    op = links.operation(found, name)
    now = perform(database, op, partial(work, op, found.link_id))
    look = _look(database, token, wanted, AT_ONCE)
    if "unknown" in {now, look.state}:  # a link that was just ended knows no clinic any more
        return stranger(wanted)._replace(state=now)
    return look._replace(state=now)


def _seen(op: Operation, seen: links.Seen, wanted: str | None, grace: timedelta) -> Look:
    standing = seen.standing
    now = state(standing, op.at, grace)
    if now == "unknown":
        return stranger(wanted)._replace(revoked=True)
    here = clinic(op)
    several = offered(languages(DOMAIN), here["languages"])
    around = Around(
        chosen([wanted, *seen.languages], several),
        tuple(several),
        here["phone"],
        here["emergency_number"],
        standing.visit_at,
        op.take_zone(here["time_zone"]),
        seen.initial,
    )
    left = max(0, ANSWERS_MAX - standing.answers)
    return Look(now, around, standing.ends_at, standing.due_at, left, seen.alarmed)
