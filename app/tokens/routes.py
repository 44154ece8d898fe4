"""`/oauth/token` (RFC 6749 §3.2)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

import orjson
from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import Response

from app.accounts.queries import only_clinic
from app.accounts.rules import name_key
from app.accounts.service import passwords, signing_in
from app.auth import jose
from app.auth.queries import caller_for, client_by_id, in_force
from app.auth.rules import ENROLMENT_CODE, REFRESH_TOKEN, Key, Untrusted, parse_key
from app.core.db.database import Database
from app.core.http.authorize import forget_stale_clients, record_rejection
from app.core.http.deadline import deadline
from app.core.http.forms import FORM, Repeated, form_members
from app.core.http.guesses import guessing, take_guess
from app.core.http.outgoing import Unreachable
from app.core.http.rates import Rates, client_address
from app.core.http.requests import chunks, public_url, request_id
from app.core.operation import Operation, perform
from app.core.values.access import Caller, Refused
from app.core.values.clock import now
from app.core.values.problems import (
    DatabaseReplaced,
    LedgerDamaged,
    Problem,
    TooLarge,
    TooManyRequests,
    Unavailable,
)
from app.devices import service as devices
from app.tokens import rules, service
from app.tokens.errors import NO_STORE, TokenRefused
from app.tokens.schemas import RefreshableTokenView, TokenRefusedView, TokenView

PATH: Final = "/oauth/token"
NAME: Final = "tokens.create"
FORM_MAX_BYTES: Final = 64 * 1024
JWT_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = ("RS384", "ES384")
NOT_VALID: Final = "This code, token or password isn't valid, or isn't any more."
NO_GRANT: Final = "This server has no such grant type."
NOT_AUTHENTICATED: Final = "The client couldn't be authenticated."

ENROLMENT: Final = "urn:needlework:params:oauth:grant-type:enrolment"
GRANT_TYPES: Final = ("client_credentials", ENROLMENT, "refresh_token", "password")

Form = Mapping[str, str]
Taken = tuple[Any, Key | None]
Taker = Callable[[Operation, Key], Taken]
router = APIRouter(tags=["tokens"])


class KnownClient(NamedTuple):
    """A client that asks for a token, with its caller; `refused` says why it isn't in force."""

    client: Any
    caller: Caller
    refused: str | None = None


def _described(description: str, *headers: str, **more: Any) -> dict[str, Any]:
    named = sorted({*headers, "RateLimit", "RateLimit-Policy", "X-Request-Id"})
    references = {name: {"$ref": f"#/components/headers/{name}"} for name in named}
    return {"description": description, "headers": references, **more}


def _problems(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The documented response of problems that share a status."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    content = {"application/problem+json": schema}
    line = " ".join(f"`{problem.code}`: {problem.title}." for problem in problems)
    headers = {name for problem in problems for name in problem.headers}
    return {int(problems[0].status): _described(line, *headers, content=content)}


@router.post(
    PATH,
    name=NAME,
    operation_id=NAME,
    summary="Get an access token",
    response_model=TokenView | RefreshableTokenView,
    responses={
        200: _described("The token."),
        400: _described("This isn't a valid token request.", model=TokenRefusedView),
        401: _described("The client couldn't be authenticated.", model=TokenRefusedView),
        **_problems(TooManyRequests),
        **_problems(Unavailable, DatabaseReplaced, LedgerDamaged),
    },
    openapi_extra={
        "security": [],
        "requestBody": {
            "required": True,
            "content": {
                FORM: {
                    "schema": {
                        "type": "object",
                        "required": ["grant_type"],
                        "properties": {
                            "grant_type": {
                                "title": "GrantType",
                                "type": "string",
                                "enum": list(GRANT_TYPES),
                                "description": "How the caller proves who they are.",
                            },
                            "client_assertion_type": {
                                "type": "string",
                                "const": JWT_BEARER,
                                "description": "Goes with `client_assertion` (RFC 7523).",
                            },
                            "client_assertion": {
                                "type": "string",
                                "description": "A JWT, signed RS384 or ES384: `iss` and `sub` are"
                                " the client's id, `aud` this address, `exp` at most five minutes"
                                " ahead, `jti` never used before.",
                            },
                            "code": {
                                "type": "string",
                                "description": "A device's enrolment code.",
                            },
                            "refresh_token": {
                                "type": "string",
                                "description": "The newest one: each works once.",
                            },
                            "clinic_id": {
                                "type": "string",
                                "format": "uuid",
                                "description": "Goes with `username`, where a server has several"
                                " clinics.",
                            },
                            "username": {
                                "type": "string",
                                "description": "The name with which a person signs in.",
                            },
                            "password": {
                                "type": "string",
                                "format": "password",
                                "description": "The password of that account.",
                            },
                            "otp": {
                                "type": "string",
                                "description": "The code of their second factor, if it is on. Each"
                                " code works once.",
                            },
                            "scope": {
                                "type": "string",
                                "description": "Scopes, separated by spaces. By default, all of the"
                                " client's.",
                            },
                        },
                    }
                }
            },
        },
    },
)
async def token(request: Request) -> Response:
    """Get an access token for five minutes.

    A back end sends a signed assertion (SMART Backend Services, RFC 7523). A device first sends
    its enrolment code, and after that its newest refresh token. Each of these works once. A
    person with an account first sends a password, and after that refresh tokens, too.
    """
    cast("Rates", request.app.state.token_rates).take(client_address(request)).apply(request)
    try:
        given = await _answer(request)
    except TokenRefused as refusal:
        return refusal.response()
    return Response(orjson.dumps(given), 200, NO_STORE, "application/json")


async def _answer(request: Request) -> dict[str, Any]:
    form = await _form(request)
    grant = GRANTS.get(form.get("grant_type", ""))
    if grant is None:
        raise TokenRefused("unsupported_grant_type", NO_GRANT)
    return await grant(request, form)


async def _form(request: Request) -> Form:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise TokenRefused("invalid_request", f"Send {FORM}.")
    try:
        raw = b"".join([chunk async for chunk in chunks(request, FORM_MAX_BYTES)])
        return form_members(raw)
    except Repeated:
        raise TokenRefused("invalid_request", "Give each parameter once.") from None
    except (ValueError, TooLarge):
        raise TokenRefused("invalid_request", "This is not a form, or it is too large.") from None


async def _client_credentials(request: Request, form: Form) -> dict[str, Any]:
    """Grant a token to a client (RFC 6749 §4.4) that is authenticated by RFC 7523."""
    if form.get("client_assertion_type") != JWT_BEARER or "client_assertion" not in form:
        raise TokenRefused("invalid_request", "A back end needs a signed assertion.")
    try:
        signed = jose.read(form["client_assertion"], ALGORITHMS)
        client_id = rules.asserting_client(signed.claims)
    except Untrusted:
        raise TokenRefused("invalid_client", NOT_AUTHENTICATED) from None
    database: Database = request.app.state.database
    known = await asyncio.to_thread(_client, database, client_id)
    if known is None or form.get("client_id", str(client_id)) != str(client_id):
        raise TokenRefused("invalid_client", NOT_AUTHENTICATED)
    client, caller = known.client, known.caller
    try:
        _check_in_force(known)
        jose.check(signed, await _keys(request, client, signed))
        jti, ends = rules.check_assertion(signed.claims, _address(request), now().timestamp())
        scopes = _scopes(form, caller.scopes)
        op = Operation(NAME, caller, request_id())
        work = partial(_use_assertion, op, jti, ends, scopes)
        return await asyncio.to_thread(perform, database, op, work)
    except Untrusted as error:
        await _record_rejection(request, caller, f"assertion: {error.reason}")
        raise TokenRefused("invalid_client", NOT_AUTHENTICATED) from None


async def _enrolment(request: Request, form: Form) -> dict[str, Any]:
    """Grant tokens for a device's enrolment code."""
    key = parse_key(form.get("code", ""), ENROLMENT_CODE)
    return await _grant_once(request, form, key, {"device": devices.enrol})


async def _refresh(request: Request, form: Form) -> dict[str, Any]:
    """Grant tokens for a refresh token (RFC 6749 §6), which works once."""
    key = parse_key(form.get("refresh_token", ""), REFRESH_TOKEN)
    takers: Mapping[str, Taker] = {"device": devices.refresh, "account": signing_in.refresh}
    return await _grant_once(request, form, key, takers)


async def _grant_once(
    request: Request, form: Form, key: Key | None, takers: Mapping[str, Taker]
) -> dict[str, Any]:
    """Grant tokens for a one-time key. `takers` says how, by the kind of its client."""
    database: Database = request.app.state.database
    known = None if key is None else await asyncio.to_thread(_client, database, key.client_id)
    if key is None or known is None or known.client.kind not in takers:
        raise TokenRefused("invalid_grant", NOT_VALID)
    return await _grant(request, form, known, lambda op: takers[known.client.kind](op, key))


async def _grant(
    request: Request, form: Form, known: KnownClient, take: Callable[[Operation], Taken]
) -> dict[str, Any]:
    """Return an access token and a refresh token for a client, if `take` accepts its credential."""
    caller = known.caller
    op = Operation(NAME, caller, request_id())
    try:
        _check_in_force(known)
        work = partial(_both_tokens, op, form, take)
        given = await asyncio.to_thread(perform, request.app.state.database, op, work)
        forget_stale_clients(request, op)
        reason = "refresh token used again"
    except Untrusted as error:
        given, reason = None, error.reason
    if given is None:
        await _record_rejection(request, caller, reason)
        raise TokenRefused("invalid_grant", NOT_VALID)
    return given


def _both_tokens(
    op: Operation, form: Form, take: Callable[[Operation], Taken]
) -> dict[str, Any] | None:
    """Return both tokens; None if `take` gives no refresh token. Its changes are committed.

    A scope that is refused undoes them: the one-time key can be used again.
    """
    holder, refresh_token = take(op)
    if refresh_token is None:
        return None
    scopes = _scopes(form, op.caller.scopes)
    given = service.issue_access_token(op, scopes, getattr(holder, "practitioner_id", None))
    return {**given, "refresh_token": str(refresh_token)}


async def _password(request: Request, form: Form) -> dict[str, Any]:
    """Grant tokens for a person's password (RFC 6749 §4.3), which only our own page asks for."""
    database: Database = request.app.state.database
    if not {"username", "password"} <= form.keys():
        raise TokenRefused("invalid_request", "Give username and password.")
    name, password, code = form["username"], form["password"], form.get("otp")
    async with deadline():
        clinic_id = await asyncio.to_thread(_clinic_of, database, form)
        async with guessing(request):
            there = await passwords.account_of(database, clinic_id, name)
            by_code = passwords.known_by_code(there, code or "")
            guess = await take_guess(request, str(clinic_id), name_key(name), *by_code)
            checked = await passwords.check(there, password, code, is_known=bool(by_code))
            if checked.account is not None and checked.fault is None:
                guess.give_back()
    person, fault = checked.account, checked.fault
    if person is not None and fault is None:
        known = KnownClient(person, caller_for(person))
        take = partial(signing_in.sign_in, checked=checked)
        return await _grant(request, form, known, take)
    remark = None
    if person is not None and fault is not None:
        remark = BackgroundTask(_record_rejection, request, caller_for(person), fault)
    raise TokenRefused("invalid_grant", NOT_VALID, remark)


def _clinic_of(database: Database, form: Form) -> UUID | None:
    """The clinic that a form names, or the only one of the database; None if there is none such."""
    try:
        given = UUID(form["clinic_id"]) if "clinic_id" in form else None
    except ValueError:
        return None
    if given is not None:
        return given
    with database.reading() as db:
        return only_clinic(db)


def _scopes(form: Form, held: Iterable[str]) -> list[str]:
    """The scopes of the new token: those that the form asks for, or all that are held."""
    scopes = rules.scopes_asked_for(form.get("scope"), frozenset(map(str, held)))
    if scopes is None:
        raise TokenRefused("invalid_scope", "The client has no such scope.")
    return scopes


def _check_in_force(known: KnownClient) -> None:
    if known.refused is not None:
        raise Untrusted(known.refused)


def _client(database: Database, client_id: UUID) -> KnownClient | None:
    with database.reading() as db:
        client = client_by_id(db, client_id)
        if client is None:
            return None
        found = in_force(db, client, caller_for(client))
    if isinstance(found, Refused):
        return KnownClient(client, found.caller, found.reason)
    return KnownClient(client, found)


def _use_assertion(op: Operation, jti: str, ends: float, scopes: list[str]) -> dict[str, Any]:
    service.use_assertion(op, jti, ends)
    return service.issue_access_token(op, scopes)


async def _keys(request: Request, client: Any, signed: jose.Signed) -> Any:
    """Return the client's public keys. Published keys are fetched again for an unknown key id."""
    if client.jwks_url is None:
        return client.jwks
    try:
        return await request.app.state.outgoing.json(
            client.jwks_url, lambda keys: bool(jose.named_keys(signed, keys))
        )
    except Unreachable:
        raise Untrusted("keys not reached") from None


def _address(request: Request) -> str:
    """Return the token endpoint's address, which an assertion must have as its audience."""
    return str(public_url(request).replace(query="", fragment=""))


async def _record_rejection(request: Request, caller: Caller, reason: str) -> None:
    refused = request.app.state.authenticate.mark_repeated(Refused(caller, reason))
    await record_rejection(request, NAME, refused)


GRANTS: Final[Mapping[str, Callable[[Request, Form], Awaitable[dict[str, Any]]]]] = dict(
    zip(GRANT_TYPES, (_client_credentials, _enrolment, _refresh, _password), strict=True)
)
