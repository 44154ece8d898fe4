"""Lets invited people choose a password: `/console/join`.

The code of the invitation is typed or pasted into the form. So it is in no address, and in no log
of this server or of a proxy in front of it.
"""

import asyncio
from functools import partial
from typing import Final, NamedTuple, cast
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import Response

from app.accounts.rules import known_browser
from app.accounts.service import passwords
from app.accounts.service.signing_in import check_invitation, join, take_sign_in
from app.auth.queries import caller_for, client_by_id
from app.auth.rules import INVITATION_CODE, Key, Untrusted, parse_key
from app.core.db.database import Database
from app.core.http.authorize import record_rejection
from app.core.http.deadline import deadline
from app.core.http.forms import read_form
from app.core.http.guesses import guessing, take_guess
from app.core.http.rates import Rates, client_address
from app.core.http.requests import request_id, whole_body
from app.core.operation import Operation, perform
from app.core.values.access import Caller, Refused
from app.practitioners.queries import known_names
from app.web.console import pages
from app.web.console.browsers import check_origin, let_in
from app.web.console.cookies import KNOWN, set_cookie

JOIN: Final = "console.join"
OWN_PAGE: Final = f"{pages.HOME}/account"
NOT_VALID: Final = (
    "This code isn't valid, or isn't any more. Ask the person who invited you for another one."
)
DIFFERENT: Final = "The two passwords are different. Type the new one twice."

router = APIRouter(include_in_schema=False)


class Invited(NamedTuple):
    """The person whom a code invites, and names that their password may not be."""

    id: UUID
    names: list[str]


@router.get(f"{pages.HOME}/join", name="console.join-page")
def page() -> Response:
    """Show the page on which an invited person chooses a password."""
    return _page(200)


@router.post(f"{pages.HOME}/join", name=JOIN)
async def join_(request: Request) -> Response:
    """Set the password of an invited person, and sign their browser in."""
    check_origin(request)
    cast("Rates", request.app.state.token_rates).take(client_address(request)).apply(request)
    form = read_form(request, await whole_body(request))
    database = cast("Database", request.app.state.database)
    async with deadline(), guessing(request):
        guess = await take_guess(request)
        key = parse_key(form.get("code", "").strip(), INVITATION_CODE)
        caller = None if key is None else await asyncio.to_thread(_caller, database, key)
        if key is None or caller is None:
            return _page(403, NOT_VALID)
        try:
            op = Operation(JOIN, caller, request_id())
            work = partial(_invited, op, key)
            invited = await asyncio.to_thread(perform, database, op, work)
            guess.give_back()
            fault = fault_of(form, invited.names)
            if fault is not None:
                return _page(422, fault, str(key))
            hash_ = await passwords.hashed(form["password"])
            answer = await let_in(request, caller, OWN_PAGE, partial(_join, key, hash_))
        except Untrusted as error:
            answer = _page(403, NOT_VALID)
            refused = request.app.state.authenticate.mark_repeated(Refused(caller, error.reason))
            answer.background = BackgroundTask(record_rejection, request, JOIN, refused)
            return answer
    set_cookie(request, answer, KNOWN, known_browser(key.client_id, hash_))
    return answer


def fault_of(form: dict[str, str], names: list[str]) -> str | None:
    """Why the new password of a form is refused, as a message; None if it is accepted."""
    password = form.get("password", "")
    if password != form.get("again", ""):
        return DIFFERENT
    return passwords.refusal(password, names)


def _page(status: int, fault: str | None = None, code: str = "") -> Response:
    return pages.page_response("join.html", status, fault=fault, code=code, who=None)


def _caller(database: Database, key: Key) -> Caller | None:
    with database.reading() as db:
        client = client_by_id(db, key.client_id)
    return None if client is None or client.kind != "account" else caller_for(client)


def _invited(op: Operation, key: Key) -> Invited:
    found = check_invitation(op, key)
    return Invited(found.id, [*known_names(op), found.name, found.sign_in_name])


def _join(key: Key, password_hash: str, op: Operation) -> None:
    join(op, key, password_hash)
    take_sign_in(op, key.client_id)
