"""`/oauth/token` (RFC 6749 §3.2)."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson
from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from app.auth import jose
from app.auth.queries import caller_for, client_with, in_force
from app.auth.rules import ENROLMENT_CODE, REFRESH_TOKEN, Key, Untrusted, parse_key
from app.core.access import Caller, Refused
from app.core.clock import now
from app.core.database import Database
from app.core.operation import Operation, perform
from app.core.outgoing import Unreachable
from app.core.problems import TooLarge, Unavailable
from app.core.requests import chunks, request_id
from app.core.routing import denied
from app.devices import service as devices
from app.settings import settings
from app.tokens import rules, service
from app.tokens.errors import NO_STORE, TokenRefused
from app.tokens.schemas import DeviceTokenView, TokenRefusedView, TokenView

PATH: Final = "/oauth/token"
NAME: Final = "tokens.create"
FORM: Final = "application/x-www-form-urlencoded"
FORM_MAX_BYTES: Final = 64 * 1024
JWT_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = ("RS384", "ES384")
NOT_GOOD: Final = "This is not good, or not any more."
NOT_KNOWN: Final = "The client could not be authenticated."

ENROLMENT: Final = "urn:needlework:params:oauth:grant-type:enrolment"
GRANT_TYPES: Final = ("client_credentials", ENROLMENT, "refresh_token")

Form = Mapping[str, str]
router = APIRouter(tags=["tokens"])


def _described(description: str, **more: Any) -> dict[str, Any]:
    headers = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
    return {"description": description, "headers": headers, **more}


@router.post(
    PATH,
    name=NAME,
    operation_id=NAME,
    summary="Get an access token",
    response_model=TokenView | DeviceTokenView,
    responses={
        200: _described("The token."),
        400: _described("What was sent is no request for a token.", model=TokenRefusedView),
        401: _described("The client is not known by what it sent.", model=TokenRefusedView),
        int(Unavailable.status): _described(
            f"`{Unavailable.code}`: {Unavailable.title}.",
            content={
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        ),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                FORM: {
                    "schema": {
                        "type": "object",
                        "required": ["grant_type"],
                        "properties": {
                            "grant_type": {"type": "string", "enum": list(GRANT_TYPES)},
                            "client_assertion_type": {"type": "string", "const": JWT_BEARER},
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
                                "description": "A device's newest one: each is good once.",
                            },
                            "scope": {
                                "type": "string",
                                "description": "Separated by blanks; all that it holds, unless"
                                " given.",
                            },
                        },
                    }
                }
            },
        }
    },
)
async def token(request: Request) -> Response:
    """Get an access token for five minutes.

    A back end signs an assertion (SMART Backend Services, RFC 7523). A device brings the code that
    lets it in, and from then on the refresh token that it got last; each of them is good once.
    """
    try:
        given = await _granted(request)
    except TokenRefused as refusal:
        return refusal.response()
    return Response(orjson.dumps(given), 200, NO_STORE, "application/json")


async def _granted(request: Request) -> dict[str, Any]:
    form = await _form(request)
    grant = GRANTS.get(form.get("grant_type", ""))
    if grant is None:
        raise TokenRefused("unsupported_grant_type", "There is no such grant here.")
    return await grant(request, form)


async def _form(request: Request) -> Form:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise TokenRefused("invalid_request", f"Send {FORM}.")
    try:
        raw = b"".join([chunk async for chunk in chunks(request, FORM_MAX_BYTES)])
        return rules.form_members(raw)
    except rules.Repeated:
        raise TokenRefused("invalid_request", "Give each parameter once.") from None
    except (ValueError, TooLarge):
        raise TokenRefused("invalid_request", "This is no form, or too large a one.") from None


async def _client_credentials(request: Request, form: Form) -> dict[str, Any]:
    """RFC 6749 §4.4, the client authenticated by RFC 7523."""
    if form.get("client_assertion_type") != JWT_BEARER or "client_assertion" not in form:
        raise TokenRefused("invalid_request", "A back end authenticates with a signed assertion.")
    try:
        signed = jose.read(form["client_assertion"], ALGORITHMS)
        client_id = rules.client_named(signed.claims)
    except Untrusted:
        raise TokenRefused("invalid_client", NOT_KNOWN) from None
    database: Database = request.app.state.database
    client = await to_thread.run_sync(_found, database, client_id)
    if client is None or form.get("client_id", str(client_id)) != str(client_id):
        raise TokenRefused("invalid_client", NOT_KNOWN)
    caller = caller_for(client)
    try:
        _check_in_force(client)
        jose.check(signed, await _keys(request, client, signed))
        jti, ends = rules.check_assertion(signed.claims, _address(request), now().timestamp())
        scopes = rules.scopes_asked_for(form.get("scope"), frozenset(map(str, caller.scopes)))
        if scopes is None:
            raise TokenRefused("invalid_scope", "The client holds no such scope.")
        op = Operation(NAME, caller, request_id())
        work = partial(_give, op, jti, ends, scopes)
        return await to_thread.run_sync(perform, database, op, work)
    except Untrusted as error:
        await _have_on_record(request, caller, f"assertion: {error.reason}")
        raise TokenRefused("invalid_client", NOT_KNOWN) from None


async def _enrolment(request: Request, form: Form) -> dict[str, Any]:
    """Let a device in by its code."""
    return await _for_device(request, parse_key(form.get("code", ""), ENROLMENT_CODE), _let_in)


async def _refresh(request: Request, form: Form) -> dict[str, Any]:
    """RFC 6749 §6, each token good once."""
    key = parse_key(form.get("refresh_token", ""), REFRESH_TOKEN)
    return await _for_device(request, key, _refreshed)


async def _for_device(
    request: Request, key: Key | None, give: Callable[[Operation, Key], dict[str, Any] | None]
) -> dict[str, Any]:
    database: Database = request.app.state.database
    client = None if key is None else await to_thread.run_sync(_found, database, key.client_id)
    if key is None or client is None or client.kind != "device":
        raise TokenRefused("invalid_grant", NOT_GOOD)
    caller = caller_for(client)
    try:
        _check_in_force(client)
        op = Operation(NAME, caller, request_id())
        given = await to_thread.run_sync(perform, database, op, partial(give, op, key))
        reason = "refresh token used again"
    except Untrusted as error:
        given, reason = None, error.reason
    if given is None:
        await _have_on_record(request, caller, reason)
        raise TokenRefused("invalid_grant", NOT_GOOD)
    return given


def _let_in(op: Operation, code: Key) -> dict[str, Any]:
    device, refresh_token = devices.enrol(op, code)
    return _both(op, device, refresh_token)


def _refreshed(op: Operation, token: Key) -> dict[str, Any] | None:
    """None where the device has been ended, which is to be committed."""
    device, refresh_token = devices.refresh(op, token)
    return None if refresh_token is None else _both(op, device, refresh_token)


def _both(op: Operation, device: Any, refresh_token: Key) -> dict[str, Any]:
    given = service.give(op, device.scopes, device.practitioner_id)
    return {**given, "refresh_token": str(refresh_token)}


def _check_in_force(client: Any) -> None:
    found = in_force(client, caller_for(client))
    if isinstance(found, Refused):
        raise Untrusted(found.reason)


def _found(database: Database, client_id: UUID) -> Any:
    with database.reading() as db:
        return client_with(db, client_id)


def _give(op: Operation, jti: str, ends: float, scopes: list[str]) -> dict[str, Any]:
    service.use_assertion(op, jti, ends)
    return service.give(op, scopes)


async def _keys(request: Request, client: Any, signed: jose.Signed) -> Any:
    """The client's public keys; those that it publishes are fetched anew for one not seen yet."""
    if client.jwks_url is None:
        return client.jwks
    try:
        return await request.app.state.outgoing.json(
            client.jwks_url, lambda found: bool(jose.named_keys(signed, found))
        )
    except Unreachable:
        raise Untrusted("keys not reached") from None


def _address(request: Request) -> str:
    """The address that an assertion has to be meant for."""
    public = settings().public_url
    if public is not None:
        return public.rstrip("/") + PATH
    return str(request.url.replace(query="", fragment=""))


async def _have_on_record(request: Request, caller: Caller, reason: str) -> None:
    refused = request.app.state.authenticate.noted(Refused(caller, reason))
    if not refused.again:
        await denied(request, Operation(NAME, caller, request_id()), refused.reason)


GRANTS: Final[Mapping[str, Callable[[Request, Form], Awaitable[dict[str, Any]]]]] = dict(
    zip(GRANT_TYPES, (_client_credentials, _enrolment, _refresh), strict=True)
)
