"""Who calls: known by a token, held to a route's scopes, and on record where it may not."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple, cast

from fastapi import Request

from app.core import contract
from app.core.access import Authenticate, Caller, Refused
from app.core.operation import Entry, Operation
from app.core.problems import Forbidden, Unauthenticated
from app.core.rates import Rates
from app.core.requests import request_id

Who = Caller | Refused | None
Call = Callable[[Request], Awaitable[Who]]


async def by_bearer_token(request: Request) -> Who:
    """Who calls, by the header that every client of the API sends (RFC 6750 §2.1)."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        return None
    authenticate: Authenticate = request.app.state.authenticate
    return await authenticate(token.strip())


class Calling(NamedTuple):
    """A route, and how its caller is known."""

    route: contract.Route
    called: Call

    async def operation(self, request: Request) -> Operation:
        """What a request is to do; or why its caller may not."""
        route, found = self.route, await self.called(request)
        if found is None:
            raise Unauthenticated
        if isinstance(found, Refused):
            await turned_away(request, route.name, found)
            raise Unauthenticated
        op = Operation(route.name, found, request_id(), if_match=request.headers.get("if-match"))
        cast("Rates", request.app.state.rates).take(found.actor).apply(request)
        for scope in (route.scope, *route.also):
            if not found.may(scope):
                await denied(request, op, f"without the scope {scope}")
                raise Forbidden(f"This operation needs the scope {scope}.")
        if route.personal and found.practitioner_id is None:
            await denied(request, op, "no practitioner")
            raise Forbidden("Only a practitioner may do this, and no program.")
        return op


async def turned_away(request: Request, name: str, refused: Refused) -> None:
    """Have it on record, once a minute, that a client came with what is not good."""
    if not refused.again:
        await denied(request, Operation(name, refused.caller, request_id()), refused.reason)


async def denied(request: Request, op: Operation, reason: str) -> None:
    """Have it on record that a client tried what it may not do."""
    client_id = op.caller.client_id
    if client_id is not None:
        op.entries.append(Entry("security", op.name, "clients", client_id, reason=reason))
        await request.app.state.account(op)


def renew(request: Request, op: Operation) -> None:
    """Have the callers looked up anew who may do more after this operation, or less."""
    for client_id in op.renewed:
        request.app.state.authenticate.forget(client_id)
