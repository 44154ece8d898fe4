"""Signs people in by name and password, and programs' keys for whoever has no account.

A server may have several clinics, and a name belongs to one of them. So the page's address names
the clinic (`/console/sign-in/<id>`), or the person types its name or id, which a cookie remembers.
No page lists the clinics, and an unknown one is answered like a wrong password.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import Row
from starlette.background import BackgroundTask
from starlette.responses import Response
from starlette.routing import Match

from app.accounts.queries import only_clinic
from app.accounts.rules import is_known_browser, known_browser, name_key
from app.accounts.service import passwords
from app.accounts.service.signing_in import confirm, take_sign_in
from app.auth.queries import caller_by_token, caller_for, in_force
from app.auth.rules import API_KEY, Untrusted, parse_key
from app.clinics.queries import clinics_named
from app.core.db.database import Database
from app.core.http.authorize import Identity, record_rejection
from app.core.http.deadline import deadline
from app.core.http.forms import read_form
from app.core.http.guesses import Guess, guessing, take_guess
from app.core.http.rates import Rates, client_address
from app.core.http.requests import whole_body
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Caller, Refused
from app.web.console import pages
from app.web.console.browsers import SIGN_IN, check_origin, let_in
from app.web.console.cookies import CLINIC, KNOWN, cookie_of, set_cookie
from app.web.console.kept import PAGE, carry, kept

FAILED: Final = "The name, password, code or key is wrong. You are not signed in."
NOT_THERE: Final = "The clinic, name, password or code is wrong. You are not signed in."
ANOTHER: Final = f"{pages.HOME}/sign-in/another"
WHICH_CLINIC: Final = (
    "This server has several clinics. Enter the name of yours; or its id, if another clinic has the"
    " same name."
)

router = APIRouter(include_in_schema=False)


class SigningIn(NamedTuple):
    """Who signs in: `caller` is None or `Refused` where their password or key is wrong."""

    caller: Identity
    guess: Guess
    checked: passwords.Checked | None = None
    """What was checked of an account; None for a key."""


@router.get(f"{pages.HOME}/sign-in", name="console.sign-in-page")
def page(request: Request) -> Response:
    """Show the page to sign in on."""
    return pages.sign_in(200, pages.SignIn(clinic=cookie_of(request, CLINIC)))


@router.get(ANOTHER, name="console.sign-in-another")
def page_to_choose() -> Response:
    """Show the page to sign in on, with a field for another clinic than the browser remembers."""
    return pages.sign_in(200, pages.SignIn(asks_clinic=True))


@router.get(f"{pages.HOME}/sign-in/{{clinic_id:uuid}}", name="console.sign-in-clinic")
def page_of_clinic(request: Request, clinic_id: UUID) -> Response:
    """Show the page to sign in on, for one clinic. The browser remembers it."""
    answer = pages.sign_in(200, pages.SignIn(clinic=str(clinic_id)))
    set_cookie(request, answer, CLINIC, str(clinic_id))
    return answer


@router.post(f"{pages.HOME}/sign-in", name=SIGN_IN)
async def sign_in(request: Request) -> Response:
    """Sign a browser in, with a person's name and password or with an API key."""
    check_origin(request)
    cast("Rates", request.app.state.token_rates).take(client_address(request)).apply(request)
    form = read_form(request, await whole_body(request))
    carry(request, form)
    clinic = form.get("clinic", "")
    is_typed = clinic != "" and clinic != cookie_of(request, CLINIC)
    name = form.get("name", "")
    shown = pages.SignIn(target(request, form), clinic, name, is_typed, kept(request))
    async with deadline(), guessing(request):
        key = form.get("key", "").strip()
        found = await (_with_key(request, key) if key else _with_password(request, form))
        if found is None:
            return pages.sign_in(403, shown._replace(asks_clinic=True), WHICH_CLINIC)
        caller = found.caller
        if isinstance(caller, Caller):
            found.guess.give_back()
            try:
                return await _let_in(request, caller, shown, found.checked)
            except Untrusted as error:  # something else changed the account, or used the code
                caller = _marked(request, Refused(caller, error.reason))
    answer = pages.sign_in(403, shown, NOT_THERE if is_typed else FAILED)
    if isinstance(
        caller, Refused
    ):  # after the response: its time must not show whether there is an account
        answer.background = BackgroundTask(record_rejection, request, SIGN_IN, caller)
    return answer


def target(request: Request, form: Mapping[str, str]) -> str:
    """The page to redirect to after signing in: one of the console that a `Route` answers."""
    to = form.get("to", "")
    asked = {**request.scope, "method": "GET", "path": to}
    routes = (route for route in request.app.routes if isinstance(route, Route))
    is_page = PAGE.fullmatch(to) and any(route.matches(asked)[0] is Match.FULL for route in routes)
    return to if is_page else pages.HOME


async def _let_in(
    request: Request, caller: Caller, shown: pages.SignIn, checked: passwords.Checked | None
) -> Response:
    if checked is None or checked.account is None:
        return await let_in(request, caller, shown.to)
    answer = await let_in(request, caller, shown.to, partial(_take, checked))
    if shown.asks_clinic:
        set_cookie(request, answer, CLINIC, str(caller.clinic_id))
    mark = known_browser(checked.account.id, checked.account.password_hash)
    set_cookie(request, answer, KNOWN, mark)
    return answer


def _take(checked: passwords.Checked, op: Operation) -> None:
    take_sign_in(op, confirm(op, checked).id)


async def _with_key(request: Request, key: str) -> SigningIn:
    guess = await take_guess(request)
    found = await asyncio.to_thread(_caller_of_key, request.app.state.database, key)
    return SigningIn(_marked(request, found), guess)


def _caller_of_key(database: Database, key: str) -> Identity:
    if parse_key(key, API_KEY) is None:
        return None
    with database.reading() as db:
        return caller_by_token(db, key)


async def _with_password(request: Request, form: dict[str, str]) -> SigningIn | None:
    """Who signs in with a name and a password; None if the form has to name the clinic."""
    database: Database = request.app.state.database
    name, password, code = form.get("name", ""), form.get("password", ""), form.get("otp", "")
    clinic_id = await asyncio.to_thread(clinic_of, database, form.get("clinic", ""))
    if clinic_id is None:
        await take_guess(request)
        return None
    there = await passwords.account_of(database, clinic_id, name)
    known = _known(request, there) or passwords.known_by_code(there, code)
    guess = await take_guess(request, str(clinic_id), name_key(name), *known)
    checked = await passwords.check(there, password, code, is_known=bool(known))
    if checked.account is None:
        return SigningIn(None, guess)
    account = checked.account
    caller: Identity = caller_for(account, practitioner_id=account.practitioner_id)
    if checked.fault is not None:
        return SigningIn(_marked(request, Refused(cast("Caller", caller), checked.fault)), guess)
    caller = await asyncio.to_thread(_in_force, database, account, cast("Caller", caller))
    return SigningIn(_marked(request, caller), guess, checked)


def _in_force(database: Database, account: Row[Any], caller: Caller) -> Identity:
    with database.reading() as db:
        return in_force(db, account, caller)


def clinic_of(database: Database, given: str) -> UUID | None:
    """The clinic with this id or name, or the only one of the database.

    None if several come into question.
    """
    with contextlib.suppress(ValueError):
        return UUID(given.strip())
    with database.reading() as db:
        if not given.strip():
            return only_clinic(db)
        found = clinics_named(db, given)
    if len(found) > 1:
        return None
    return found[0] if found else UUID(int=0)  # nobody's: answered like any other unknown clinic


def _known(request: Request, account: Row[Any] | None) -> tuple[str, ...]:
    """What tells a browser apart in which this person has signed in before; empty otherwise."""
    mark = cookie_of(request, KNOWN)
    if account is None or account.password_hash is None:
        return ()
    return (mark,) if is_known_browser(mark, account.id, account.password_hash) else ()


def _marked(request: Request, found: Identity) -> Identity:
    if isinstance(found, Refused):
        return cast("Refused", request.app.state.authenticate.mark_repeated(found))
    return found
