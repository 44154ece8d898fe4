"""Knows browsers by their cookie, lets them in, and signs them out.

The browser has only a cookie, which scripts can't read and other sites can't have sent. The rest is
stored on the server. So signing out, revoking the client or a timeout takes effect at once.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.auth.queries import caller_by_browser_token
from app.auth.rules import BROWSER_TOKEN, BROWSER_TOUCH_INTERVAL, Key, parse_key
from app.auth.service import sign_in_browser, sign_out_browser, touch_browser_token
from app.core.db.database import Database
from app.core.http.authorize import Identity, forget_stale_clients
from app.core.http.deadline import deadline
from app.core.http.forms import LONG_MAX, read_form
from app.core.http.requests import EXTRA_HEADERS, ApiRequest, request_id, whole_body
from app.core.http.retries import FORM_KEY
from app.core.operation import Operation, perform
from app.core.values.access import Caller, Refused
from app.core.values.clock import now
from app.core.values.problems import Forbidden
from app.ledger import service as ledger
from app.web.console import pages
from app.web.console.cookies import TOKEN, cookie_header, cookie_of, delete_cookie, set_cookie
from app.web.console.kept import Kept, carry, check_author, kept, show, take
from app.web.console.once import retry_key
from app.web.console.who import SIGNED_IN, SignedIn, signed_in

SIGN_IN, SIGN_OUT = "console.sign-in", "console.sign-out"
_FORM: Final = "needlework.form"
"""The key of the ASGI scope that holds the members of the form."""

router = APIRouter(include_in_schema=False)


@router.post(f"{pages.HOME}/kept", name="console.kept")
async def come_back(request: Request) -> Response:
    """Show a form again, with what was typed into it; or the sign-in page, with it in store."""
    check_origin(request)
    form = read_form(request, await whole_body(request))
    carry(request, form)
    typed = kept(request)
    if typed is None:
        return pages.redirect(pages.HOME)
    async with deadline():
        return await _shown(request, typed)


@router.post(f"{pages.HOME}/sign-out", name=SIGN_OUT)
async def sign_out(request: Request) -> Response:
    """Sign a browser out: its cookie is no longer valid."""
    check_origin(request)
    async with deadline():
        await _sign_out(request)
    answer = pages.redirect(pages.HOME)
    delete_cookie(request, answer, TOKEN)
    return answer


async def by_cookie(request: Request) -> Identity:
    """Identify the caller by the cookie of their browser.

    Raises `Conflict` for a form that was opened while somebody else was signed in. Every form of
    somebody who is signed in comes through here.
    """
    request.scope[EXTRA_HEADERS] |= pages.HEADERS
    if request.method != "GET":
        check_origin(request)
        await take(request)
    key = key_of(request)
    database: Database = request.app.state.database
    found = None if key is None else await asyncio.to_thread(browsing, database, key)
    if key is None or found is None:
        return None
    if isinstance(found.caller, Refused):
        return cast("Refused", request.app.state.authenticate.mark_repeated(found.caller))
    if now() - found.used_at > BROWSER_TOUCH_INTERVAL:
        op = Operation(SIGN_IN, found.caller, request_id())
        work = partial(perform, database, op, partial(touch_browser_token, op, key))
        await asyncio.to_thread(work)
    request.scope[SIGNED_IN] = found.who
    if request.method != "GET":
        form = await form_of(request)
        check_author(form, found.caller.client_id)
        if isinstance(request, ApiRequest):
            request.scope[FORM_KEY] = retry_key(form, request.raw or b"")
    return found.caller


async def form_of(request: Request) -> dict[str, str]:
    """The members of the form that a request sends. Its body is read once."""
    form: dict[str, str] | None = request.scope.get(_FORM)
    if form is None:
        is_kept = isinstance(request, ApiRequest)
        raw = await (request.body() if is_kept else whole_body(request))
        form = request.scope[_FORM] = read_form(request, raw, LONG_MAX)
    return form


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


async def let_in(
    request: Request, caller: Caller, to: str, work: Callable[[Operation], None] | None = None
) -> Response:
    """Sign a browser in, and redirect it to a page, or show it the form that it had filled in.

    Its cookie is a new one, and what it was signed in to before is signed out. `work` is done in
    the same transaction. It may raise `Untrusted`, if a credential was changed or used meanwhile:
    then nothing changes.
    """
    op = Operation(SIGN_IN, caller, request_id())
    begin = partial(perform, request.app.state.database, op, partial(_begin, op, work))
    key = await asyncio.to_thread(begin)
    forget_stale_clients(request, op)
    await _sign_out(request)
    typed = kept(request)
    if typed is None:
        answer = pages.redirect(to)
    else:
        answer = await _shown(request, typed, cookie_header(request, TOKEN, str(key)))
    set_cookie(request, answer, TOKEN, str(key))
    return answer


async def _shown(request: Request, typed: Kept, cookies: str | None = None) -> Response:
    """The page of a form; the first page if there is no such page, as after an upgrade."""
    try:
        return await show(request, typed, cookies)
    except HTTPException:  # the router's own: a route answers its problems itself
        return pages.redirect(pages.HOME)


def _begin(op: Operation, work: Callable[[Operation], None] | None) -> Key:
    if op.caller.client_id is None:
        raise AssertionError
    if work is not None:
        work(op)
    ledger.record_sign_in(op, op.caller.client_id)
    return sign_in_browser(op, op.caller.client_id)


async def _sign_out(request: Request) -> None:
    """Sign the browser out, if its cookie is valid."""
    key, database = key_of(request), request.app.state.database
    found = None if key is None else await asyncio.to_thread(browsing, database, key)
    if key is None or found is None or isinstance(found.caller, Refused):
        return
    op = Operation(SIGN_OUT, found.caller, request_id())
    await asyncio.to_thread(partial(perform, database, op, partial(_end, op, key)))


def _end(op: Operation, key: Key) -> None:
    if sign_out_browser(op, key.client_id, key.digest):
        ledger.record_sign_in(op, key.client_id)


class Browsing(NamedTuple):
    """The caller of a browser, when its token was last used, and whom its pages name."""

    caller: Caller | Refused
    used_at: datetime
    who: SignedIn | None


def browsing(database: Database, key: Key) -> Browsing | None:
    """Return who uses a browser, by its token; None if the token is unknown or has expired."""
    with database.reading() as db:
        found = caller_by_browser_token(db, key)
        if found is None:
            return None
        who = signed_in(db, found.caller) if isinstance(found.caller, Caller) else None
        return Browsing(*found, who)


def key_of(request: Request) -> Key | None:
    """The token in the browser's cookie; None without one."""
    return parse_key(cookie_of(request, TOKEN), BROWSER_TOKEN)
