"""Authorization: who calls, what their scopes allow, and an entry for each denied attempt."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, cast

from fastapi import Request

from app.core.http.rates import Rates
from app.core.http.requests import EXTRA_HEADERS, ApiRequest, request_id
from app.core.operation import Entry, Operation
from app.core.values.access import READS, Authenticate, Caller, Refused, Scope
from app.core.values.problems import Forbidden, Unauthenticated

Identity = Caller | Refused | None
Identify = Callable[[Request], Awaitable[Identity]]

_OPERATION: Final = "needlework.operation"
"""The key of the ASGI scope that holds the authorized operation."""


async def by_bearer_token(request: Request) -> Identity:
    """Return the caller of the `Authorization` header (RFC 6750 §2.1), if there is one."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        return None
    authenticate: Authenticate = request.app.state.authenticate
    return await authenticate(token.strip())


def operation_of(request: Request) -> Operation:
    """Return the operation of a request that was authorized."""
    return cast("Operation", request.scope[_OPERATION])


@dataclass(slots=True)
class RequestOperation(Operation):
    """An operation with its HTTP request."""

    request: ApiRequest = field(kw_only=True)


class Authorize:
    """A FastAPI dependency that returns the operation of a request, if its caller has the scopes.

    Use it as `Annotated[Operation, Depends(Authorize(Scope.SESSIONS_READ))]`. The first scope is
    the documented one. It also decides the kind of transaction: unless it ends in `:read`, the
    transaction may write.

    An `any_token` operation needs no scope: every valid token is enough. It only reads.

    Only practitioners may call a `personal` operation, never programs. The answer of a `secret`
    operation holds a secret, so it is not stored for retries. An `unlimited` operation counts for
    the rate limit, and is never refused for it. `identify` returns the caller.

    Raises `Unauthenticated`, `Forbidden` or `TooManyRequests`.
    """

    def __init__(
        self,
        *scopes: Scope,
        any_token: bool = False,
        personal: bool = False,
        secret: bool = False,
        unlimited: bool = False,
        identify: Identify = by_bearer_token,
    ) -> None:
        if any_token == bool(scopes):
            raise TypeError("declare scopes, or that any token is enough")
        self.scopes = scopes
        self.writes = not any_token and scopes[0] not in READS
        self.forgets_to_write = not self.writes and not READS.issuperset(scopes)
        self.personal = personal
        self.secret = secret
        self.unlimited = unlimited
        self._identify = identify

    async def __call__(self, request: Request) -> Operation:
        """Return the operation. `Route` authorizes a request once, before its body is read."""
        op: Operation | None = request.scope.get(_OPERATION)
        if op is None:
            op = request.scope[_OPERATION] = await self._authorize(request)
        return op

    async def _authorize(self, request: Request) -> Operation:
        name, caller = request.scope["route"].name, await self._identify(request)
        if caller is None:
            raise Unauthenticated
        if isinstance(caller, Refused):
            await record_rejection(request, name, caller)
            raise Unauthenticated
        if_match = request.headers.get("if-match")
        op = RequestOperation(
            name, caller, request_id(), if_match=if_match, request=cast("ApiRequest", request)
        )
        allowance = cast("Rates", request.app.state.rates).take(caller.actor)
        if self.unlimited:
            request.scope[EXTRA_HEADERS] |= allowance.headers
        else:
            allowance.apply(request)
        for scope in self.scopes:
            if not caller.may(scope):
                await record_denial(request, op, f"without the scope {scope}")
                raise Forbidden(f"This operation needs the scope {scope}.", scope=scope)
        if self.personal and caller.practitioner_id is None:
            await record_denial(request, op, "no practitioner")
            raise Forbidden("Only a practitioner may do this, not a program.")
        return op


async def record_rejection(request: Request, name: str, refused: Refused) -> None:
    """Record a rejected credential, at most once a minute per client."""
    if not refused.again:
        await record_denial(request, Operation(name, refused.caller, request_id()), refused.reason)


async def record_denial(request: Request, op: Operation, reason: str) -> None:
    """Record that a client tried something that it may not do."""
    client_id = op.caller.client_id
    if client_id is not None:
        op.entries.append(Entry("security", op.name, "clients", client_id, reason=reason))
        await request.app.state.account(op)


def forget_stale_clients(request: Request, op: Operation) -> None:
    """Drop the cached callers of clients whose rights this operation has changed."""
    for client_id in op.stale_clients:
        request.app.state.authenticate.forget(client_id)
