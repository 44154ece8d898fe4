"""Signs browsers in, authenticates them, and signs them out.

The browser has only a cookie, which scripts can't read and other sites can't have sent. The rest is
stored on the server. So signing out, revoking the client or a timeout takes effect at once.
"""

import asyncio
import re
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import Response

from app.auth.queries import (
    caller_by_browser_token,
    caller_by_token,
    caller_for,
)
from app.auth.rules import (
    API_KEY,
    BROWSER_TOKEN,
    BROWSER_TOUCH_INTERVAL,
    Key,
    Untrusted,
    parse_key,
)
from app.auth.service import (
    sign_in_browser,
    sign_out_browser,
    touch_browser_token,
)
from app.core.db.database import Database
from app.core.http.authorize import Identity, record_rejection
from app.core.http.deadline import deadline
from app.core.http.forms import read_form
from app.core.http.rates import Rates, client_address
from app.core.http.requests import EXTRA_HEADERS, request_id, whole_body
from app.core.operation import Operation, perform
from app.core.values.access import Caller, Refused
from app.core.values.clock import now
from app.core.values.problems import Forbidden
from app.ledger import service as ledger
from app.owners import service as owners
from app.settings import settings
from app.web.console import pages
from app.web.console.kept import carry, kept, show, take
from app.web.console.who import SIGNED_IN, SignedIn, signed_in

COOKIE: Final = "needlework"
SIGN_IN, SIGN_OUT = "console.sign-in", "console.sign-out"
# After signing in, a browser may be redirected only to a page of the console.
REDIRECTS_TO: Final = re.compile(
    r"/console(/alerts|/patients/[0-9a-f-]{36}(/timeline)?)?", re.ASCII
)
SIGN_IN_FAILED: Final = "The name, password, code or key is wrong. You are not signed in."

router = APIRouter(include_in_schema=False)


@router.post(f"{pages.HOME}/sign-in", name=SIGN_IN)
async def sign_in(request: Request) -> Response:
    """Sign a browser in with the owner's password or an API key."""
    check_origin(request)
    cast("Rates", request.app.state.token_rates).take(client_address(request)).apply(request)
    failures, address = cast("Rates", request.app.state.password_rates), client_address(request)
    form = read_form(request, await whole_body(request))
    carry(request, form)
    failures.take(address).apply(request)
    async with deadline():
        signing_in = await _authenticate(request, form)
        identity = signing_in.identity
        if isinstance(identity, Caller):
            failures.give_back(address)
            return await let_in(request, identity, signing_in.step, form)
    answer = pages.sign_in(request, 403, SIGN_IN_FAILED, target(form))
    if identity is not None:  # after the response: its time must not show whether there is an owner
        answer.background = BackgroundTask(record_rejection, request, SIGN_IN, identity)
    return answer


@router.post(f"{pages.HOME}/sign-out", name=SIGN_OUT)
async def sign_out(request: Request) -> Response:
    """Sign a browser out: its cookie is no longer valid."""
    check_origin(request)
    async with deadline():
        await _sign_out(request)
    answer = pages.redirect(pages.HOME)
    _, options = cookie(request)
    for name in (COOKIE, f"__Host-{COOKIE}"):
        answer.delete_cookie(name, **options)
    return answer


@router.post(f"{pages.HOME}/kept", name="console.kept")
async def come_back(request: Request) -> Response:
    """Show a form again, with what was typed into it; or the sign-in page, with it in store."""
    check_origin(request)
    form = read_form(request, await whole_body(request))
    carry(request, form)
    typed = kept(request)
    if typed is None:
        return pages.redirect(pages.HOME)
    if "as" in form:
        return pages.sign_in(request, 200, to=typed.page)
    async with deadline():
        return await show(request, typed)


async def by_cookie(request: Request) -> Identity:
    """Identify the caller by the cookie of their browser."""
    request.scope[EXTRA_HEADERS] |= pages.HEADERS
    if request.method != "GET":
        check_origin(request)
        await take(request)
    key = _key_of(request)
    database: Database = request.app.state.database
    found = None if key is None else await asyncio.to_thread(_browsing, database, key)
    if key is None or found is None:
        return None
    if isinstance(found.caller, Refused):
        return cast("Refused", request.app.state.authenticate.mark_repeated(found.caller))
    if now() - found.used_at > BROWSER_TOUCH_INTERVAL:
        op = Operation(SIGN_IN, found.caller, request_id())
        work = partial(perform, database, op, partial(touch_browser_token, op, key))
        await asyncio.to_thread(work)
    request.scope[SIGNED_IN] = found.who
    return found.caller


def check_origin(request: Request) -> None:
    """Raise `Forbidden` for a form of another site, by `Sec-Fetch-Site` or else by `Origin`."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        is_same_origin = site == "same-origin"
    else:
        origin = urlsplit(request.headers.get("origin", ""))
        is_same_origin = origin.netloc != "" and origin.netloc == request.headers.get("host")
    if not is_same_origin:
        raise Forbidden("This form did not come from a page of this server.")


def target(form: Mapping[str, str]) -> str:
    """The page to redirect to after signing in."""
    to = form.get("to", "")
    return to if REDIRECTS_TO.fullmatch(to) else pages.HOME


class _SigningIn(NamedTuple):
    """Who signs in: None or `Refused` where their password or key is wrong."""

    identity: Identity
    step: int | None = None
    """The time step of the code of the second factor."""


async def _authenticate(request: Request, form: dict[str, str]) -> _SigningIn:
    mark_repeated = request.app.state.authenticate.mark_repeated
    database = request.app.state.database
    key = form.get("key", "").strip()
    if key:
        found = await asyncio.to_thread(_with_key, database, key)
        return _SigningIn(mark_repeated(found) if isinstance(found, Refused) else found)
    if not database.is_sqlite:
        return _SigningIn(None)
    name, password, code = form.get("name", ""), form.get("password", ""), form.get("otp", "")
    checked = await owners.check_password(database, name, password, code)
    if checked.owner is None:
        return _SigningIn(None)
    caller = caller_for(checked.owner)
    if checked.fault is None:
        return _SigningIn(caller, checked.step)
    return _SigningIn(mark_repeated(Refused(caller, checked.fault)))


def _with_key(database: Database, key: str) -> Identity:
    if parse_key(key, API_KEY) is None:
        return None
    with database.reading() as db:
        return caller_by_token(db, key)


async def let_in(
    request: Request, caller: Caller, step: int | None, form: Mapping[str, str]
) -> Response:
    """Sign a browser in, and lead it to the page that `form` names.

    An earlier sign-in of this browser ends. `step` is that of the code of the second factor.
    """
    await _sign_out(request)
    op = Operation(SIGN_IN, caller, request_id())
    work = partial(perform, request.app.state.database, op, partial(_begin, op, step))
    try:
        key = await asyncio.to_thread(work)
    except Untrusted:  # another sign-in used the code first
        return pages.sign_in(request, 403, SIGN_IN_FAILED, target(form))
    typed, (name, options) = kept(request), cookie(request)
    if typed is None:
        answer = pages.redirect(target(form))
    else:
        answer = await show(request, typed, f"{name}={key}")
    answer.set_cookie(name, str(key), **options)
    return answer


def _begin(op: Operation, step: int | None) -> Key:
    if op.caller.client_id is None:
        raise AssertionError
    owners.use_code(op, op.caller.client_id, step)
    ledger.record_sign_in(op, op.caller.client_id)
    return sign_in_browser(op, op.caller.client_id)


async def _sign_out(request: Request) -> None:
    """Sign the browser out, if its cookie is valid."""
    key, database = _key_of(request), request.app.state.database
    found = None if key is None else await asyncio.to_thread(_browsing, database, key)
    if key is None or found is None or isinstance(found.caller, Refused):
        return
    op = Operation(SIGN_OUT, found.caller, request_id())
    await asyncio.to_thread(partial(perform, database, op, partial(_end, op, key)))


def _end(op: Operation, key: Key) -> None:
    if sign_out_browser(op, key):
        ledger.record_sign_in(op, key.client_id)


class _Browsing(NamedTuple):
    """The caller of a browser, when its token was last used, and whom its pages name."""

    caller: Caller | Refused
    used_at: datetime
    who: SignedIn | None


def _browsing(database: Database, key: Key) -> _Browsing | None:
    with database.reading() as db:
        found = caller_by_browser_token(db, key)
        if found is None:
            return None
        who = signed_in(db, found.caller) if isinstance(found.caller, Caller) else None
        return _Browsing(*found, who)


def _key_of(request: Request) -> Key | None:
    name, _ = cookie(request)
    return parse_key(request.cookies.get(name, ""), BROWSER_TOKEN)


def cookie(request: Request, name: str = COOKIE) -> tuple[str, dict[str, Any]]:
    """The name and the attributes of a cookie. Under https its prefix binds it to this host.

    RFC 6265bis defines the prefix `__Host-`.
    """
    public = settings().public_url or ""
    secure = request.url.scheme == "https" or public.startswith("https:")
    options = {"path": "/", "secure": secure, "httponly": True, "samesite": "strict"}
    return (f"__Host-{name}" if secure else name), options
