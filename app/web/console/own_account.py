"""A person's own account: `/console/account`, with password, second factor and sign-ins."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final, NamedTuple, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse, Response

from app.accounts import queries
from app.accounts.queries import sign_in_id
from app.accounts.rules import known_browser
from app.accounts.schemas import AccountView
from app.accounts.service import end_other_sign_ins, end_sign_in, passwords
from app.accounts.service.signing_in import confirm, set_password, set_totp
from app.auth.rules import Key, Untrusted
from app.core.http.authorize import Authorize, RequestOperation, record_rejection
from app.core.http.deadline import deadline
from app.core.http.guesses import guessing, take_guess
from app.core.http.rates import Rates
from app.core.http.requests import request_id
from app.core.http.routing import Route
from app.core.operation import Operation, perform
from app.core.values.access import Caller, Refused
from app.core.values.problems import Forbidden, NotFound, Unauthenticated
from app.practitioners.queries import known_names
from app.web.console import pages
from app.web.console.browsers import by_cookie, form_of, key_of, let_in
from app.web.console.cookies import KNOWN, set_cookie
from app.web.console.framing import After, around
from app.web.console.joining import OWN_PAGE, fault_of
from app.web.console.who import signed_in

PASSWORD: Final = "console.account-password"  # noqa: S105 - an operation's name
TOTP: Final = "console.account-second-factor"
END: Final = "console.account-end-sign-ins"
WRONG: Final = "The password or the code is wrong. Nothing was changed."
WRONG_CODE: Final = "This code is wrong. The second factor is still off."
NO_ACCOUNT: Final = "You are signed in with a key. Only people with an account have this page."

router = APIRouter(include_in_schema=False)
reading = APIRouter(prefix=OWN_PAGE, include_in_schema=False, route_class=Route)
CHANGED: Final = pages.after(OWN_PAGE, "changed")

Looking = Annotated[Operation, Depends(Authorize(any_token=True, identify=by_cookie))]


class Person(NamedTuple):
    """Who sends a form of their own account, and what they sent."""

    caller: Caller
    id: UUID
    browser: Key
    form: dict[str, str]


@reading.get("", operation_id="console.account")
def own_account(op: Looking, after: Annotated[After, Query()]) -> HTMLResponse:
    """Show a person their own account."""
    browser = key_of(cast("RequestOperation", op).request)
    return HTMLResponse(_rendered(op, _id(op.caller), browser=browser, said=after.said))


@router.post(f"{OWN_PAGE}/password", name=PASSWORD)
async def change_password(request: Request) -> Response:
    """Change a person's password, which signs them out everywhere else."""
    person = await _person(request)
    async with deadline():
        names = await _read(request, person, lambda op: _names(op, person.id))
        fault = fault_of(person.form, names)
        if fault is not None:  # first, so that no code of a second factor is used up for nothing
            return await _shown(request, person, 422, fault)
        checked = await _checked(request, person, PASSWORD)
        if checked.fault is not None:
            return await _shown(request, person, 403, WRONG)
        hash_ = await passwords.hashed(person.form["password"])
        try:
            work = partial(_with_password, checked, person.id, hash_)
            answer = await let_in(request, person.caller, CHANGED, work)
        except Untrusted as error:
            return await _refused(request, person, PASSWORD, error)
    set_cookie(request, answer, KNOWN, known_browser(person.id, hash_))
    return answer


@router.post(f"{OWN_PAGE}/second-factor", name=TOTP)
async def change_second_factor(request: Request) -> Response:
    """Begin to turn the second factor on, confirm it, or turn it off.

    The first form answers a new secret. The next one sends it back with a code of it, and is stored
    only then.
    """
    person = await _person(request)
    secret = person.form.get("secret", "")
    async with deadline():
        checked = await _checked(request, person, TOTP)
        if checked.fault is not None:
            again = secret if passwords.is_totp_secret(secret) else None
            return await _shown(request, person, 403, WRONG, secret=again)
        if checked.account is not None and checked.account.totp_secret is not None:
            work = partial(_with_totp, checked, person.id, None, None)
        elif not passwords.is_totp_secret(secret):
            return await _shown(request, person, 200, secret=passwords.new_totp_secret())
        else:
            step = passwords.totp_step(secret, person.form.get("new_code", ""))
            if step is None:
                return await _shown(request, person, 422, WRONG_CODE, secret=secret)
            work = partial(_with_totp, checked, person.id, secret, step)
        try:
            return await let_in(request, person.caller, CHANGED, work)
        except Untrusted as error:
            return await _refused(request, person, TOTP, error)


@router.post(f"{OWN_PAGE}/end-sign-ins", name=END)
async def end_others(request: Request) -> Response:
    """Sign a person out of one other browser, or of all others."""
    person = await _person(request)
    async with deadline():
        one = person.form.get("sign_in", "")
        if not one:
            try:
                return await let_in(request, person.caller, CHANGED, partial(_without, person))
            except Untrusted:  # something else has signed this browser out
                raise Unauthenticated from None
        op = Operation(END, person.caller, request_id())
        work = partial(_end_one, op, person.id, one)
        await asyncio.to_thread(perform, request.app.state.database, op, work)
    return pages.redirect(OWN_PAGE, "signed-out")


async def _person(request: Request) -> Person:
    caller, browser = await _signed_in(request)
    cast("Rates", request.app.state.rates).take(caller.actor).apply(request)
    id = _id(caller)
    return Person(caller, id, browser, await form_of(request))


async def _signed_in(request: Request) -> tuple[Caller, Key]:
    caller, browser = await by_cookie(request), key_of(request)
    if isinstance(caller, Refused):
        await record_rejection(request, request.scope["route"].name, caller)
    if not isinstance(caller, Caller) or browser is None:
        raise Unauthenticated
    return caller, browser


def _id(caller: Caller) -> UUID:
    if caller.role is None or caller.client_id is None:
        raise Forbidden(NO_ACCOUNT)
    return caller.client_id


async def _read(request: Request, person: Person, what: Callable[[Operation], Any]) -> Any:
    """What a function reads in the person's clinic."""

    def read() -> Any:
        op = Operation("console.account", person.caller, request_id())
        with request.app.state.database.reading(op.clinic_id) as db:
            op.begin(db)
            return what(op)

    return await asyncio.to_thread(read)


async def _checked(request: Request, person: Person, name: str) -> passwords.Checked:
    """Check a person's present password, and the code of the second factor if they have one."""
    account = await _read(request, person, lambda op: queries.checks_of(op, person.id))
    sent = person.form.get("present", ""), person.form.get("otp", "")
    async with guessing(request):
        guess = await take_guess(request, str(person.id))
        checked = await passwords.check(account, *sent, is_known=True)
        if checked.fault is None:
            guess.give_back()
    if checked.fault is not None:
        await _record(request, person, name, checked.fault)
    return checked


async def _refused(request: Request, person: Person, name: str, error: Untrusted) -> Response:
    """Answer that what was checked has changed since; `Unauthenticated` if the sign-in has ended.

    Such as by a reset of the account at the same time.
    """
    await _record(request, person, name, error.reason)
    await _signed_in(request)
    return await _shown(request, person, 403, WRONG)


async def _record(request: Request, person: Person, name: str, reason: str) -> None:
    refused = request.app.state.authenticate.mark_repeated(Refused(person.caller, reason))
    await record_rejection(request, name, refused)


async def _shown(
    request: Request,
    person: Person,
    status: int,
    fault: str | None = None,
    *,
    secret: str | None = None,
) -> Response:
    page = partial(_rendered, id=person.id, fault=fault, secret=secret, browser=person.browser)
    content = await _read(request, person, page)
    return HTMLResponse(content, status, pages.HEADERS)


def _rendered(
    op: Operation,
    id: UUID,
    *,
    fault: str | None = None,
    secret: str | None = None,
    browser: Key | None = None,
    said: str | None = None,
) -> bytes:
    account, shown = queries.account(op, id), around(op, signed_in(op.db, op.caller))
    here = None if browser is None else sign_in_id(browser.digest)
    return pages.render(
        "account.html",
        **shown,
        said=pages.SAID.get(said or ""),
        account=account,
        sign_ins=queries.sign_ins(op, id)["items"],
        here=here,
        fault=fault,
        secret=secret,
        uri=None if secret is None else _uri(secret, account, shown["clinic"]),
    )


def _uri(secret: str, account: AccountView, clinic_name: str) -> str:
    return passwords.totp_uri(secret, account["sign_in_name"], clinic_name)


def _names(op: Operation, id: UUID) -> list[str]:
    account = queries.account(op, id)
    return [*known_names(op), account["name"], account["sign_in_name"]]


def _with_password(checked: passwords.Checked, id: UUID, password_hash: str, op: Operation) -> None:
    confirm(op, checked)
    set_password(op, id, password_hash)


def _with_totp(
    checked: passwords.Checked, id: UUID, secret: str | None, step: int | None, op: Operation
) -> None:
    confirm(op, checked)
    set_totp(op, id, secret, step)


def _without(person: Person, op: Operation) -> None:
    end_other_sign_ins(op, person.id, person.browser.digest)


def _end_one(op: Operation, id: UUID, sign_in: str) -> None:
    try:
        end_sign_in(op, id, UUID(sign_in))
    except ValueError:
        raise NotFound from None
