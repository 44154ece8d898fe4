"""Signs browsers in with the clinic's identity provider: there, back, and who that is.

The browser goes to the provider with a state, and comes back with it and a code. Everything that
must match is derived from one cookie, so the server stores nothing about strangers.

All cookies here are `SameSite=Strict`, so a browser that comes from the provider sends none. It
gets a page that leads it to the same address from here, and then it sends them.
"""

import asyncio
from typing import Final, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from app.auth.code_flow import check_state, new_flow, parse_flow
from app.auth.provider import Person, Provider, signs_browsers_in
from app.auth.queries import caller_by_identity
from app.auth.rules import Untrusted
from app.core.db.database import Database
from app.core.http.authorize import Identity, record_rejection
from app.core.http.deadline import deadline
from app.core.http.rates import Rates, client_address
from app.core.http.requests import public_url
from app.core.values.access import Caller
from app.core.values.clock import now
from app.core.values.problems import NotFound
from app.web.console import pages
from app.web.console.browsers import SIGN_IN, let_in
from app.web.console.cookies import FLOW, cookie_of, delete_cookie, set_cookie
from app.web.console.signing_in import target

BEGIN, BACK = f"{pages.HOME}/oidc", f"{pages.HOME}/oidc/callback"
PARAMETERS: Final = ("code", "state", "iss")
FAILED: Final = (
    "The identity provider did not confirm this sign-in. You are not signed in. Try again."
)
NOT_REACHED: Final = "The identity provider can't be reached. Try again, or sign in another way."
ENDED: Final = "This sign-in has ended: it was revoked, or its practitioner is inactive."

router = APIRouter(include_in_schema=False)


@router.get(BEGIN, name="console.oidc")
async def begin(request: Request) -> Response:
    """Send a browser to the identity provider."""
    _limit(request)
    flow = new_flow(now().timestamp(), target(request, request.query_params))
    async with deadline():
        try:
            to = await _provider(request).authorization_url(flow, _redirect_uri(request))
        except Untrusted:
            return pages.sign_in(503, pages.SignIn.on(request, flow.to), NOT_REACHED)
    answer = RedirectResponse(to, 303, {**pages.HEADERS})
    set_cookie(request, answer, FLOW, flow.cookie)
    return answer


@router.get(BACK, name="console.oidc-callback")
async def come_back(request: Request) -> Response:
    """Sign the browser in as the person whom the provider names."""
    _limit(request)
    given = _parameters(request)
    held = cookie_of(request, FLOW)
    if not held and "here" not in request.query_params:
        here = f"{BACK}?{urlencode({**given, 'here': '1'})}"
        return pages.page_response("coming_back.html", here=here, who=None)
    async with deadline():
        answer = await _answer(request, given, held)
    delete_cookie(request, answer, FLOW)
    return answer


async def _answer(request: Request, given: dict[str, str], held: str) -> Response:
    try:
        flow = check_state(parse_flow(held), given.get("state", ""), now().timestamp())
        person = await _provider(request).person(
            flow, given.get("code", ""), _redirect_uri(request), given.get("iss")
        )
    except Untrusted:
        return pages.sign_in(403, pages.SignIn.on(request), FAILED)
    identity = await asyncio.to_thread(_known, request.app.state.database, person)
    if identity is None:
        return pages.page_response("not_linked.html", 403, person=person, who=None)
    if isinstance(identity, Caller):
        return await let_in(request, identity, flow.to)
    answer = pages.sign_in(403, pages.SignIn.on(request), ENDED)
    refused = request.app.state.authenticate.mark_repeated(identity)
    answer.background = BackgroundTask(record_rejection, request, SIGN_IN, refused)
    return answer


def _known(database: Database, person: Person) -> Identity:
    with database.reading() as db:
        return caller_by_identity(db, person.id)


def _parameters(request: Request) -> dict[str, str]:
    """What the provider's answer says. A parameter that comes twice counts as absent."""
    query = request.query_params
    return {name: query[name] for name in PARAMETERS if len(query.getlist(name)) == 1}


def _provider(request: Request) -> Provider:
    return cast("Provider", request.app.state.provider)


def _redirect_uri(request: Request) -> str:
    """The address to which the provider sends the browser back."""
    here = public_url(request)
    base = here.path.removesuffix(BACK).removesuffix(BEGIN)
    return str(here.replace(path=base + BACK, query=""))


def _limit(request: Request) -> None:
    """Raise `NotFound` without a provider, and `TooManyRequests` for too many from one address."""
    if not signs_browsers_in():
        raise NotFound
    cast("Rates", request.app.state.token_rates).take(client_address(request)).apply(request)
