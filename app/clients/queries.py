"""Read clients. Views show public keys, and never the digest of a secret."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam

from app.auth.models import Client
from app.clients.schemas import ClientView
from app.core.http.pages import Filters, Order, page
from app.core.operation import Operation, rows
from app.core.values.vocabularies import words_of
from app.credentials.queries import stated_client
from app.credentials.views import ClientKind

_ORDER = Order((Client.id,))
_CLIENTS = rows(Client).where(Client.kind.in_(words_of(ClientKind)))
_ONE = _CLIENTS.where(Client.id == bindparam("id"))
_LOCKED = _ONE.with_for_update()
_FIRST, _FURTHER = _ORDER.start(_CLIENTS), _ORDER.after(_CLIENTS)


def view(op: Operation, row: Row[Any]) -> ClientView:
    """The view of a client, as of the operation."""
    until = row.earlier_secret_until
    return {
        **stated_client(row),
        "made_by": row.made_by,
        "earlier_key_until": until if until is not None and op.at < until else None,
    }


def locked(op: Operation, id: UUID) -> Row[Any]:
    """One client, locked until the commit; `NotFound` if this clinic has none with this id."""
    return op.one(_LOCKED, id=id)


def client(op: Operation, id: UUID) -> ClientView:
    """One client; `NotFound` if this clinic has none with this id."""
    return view(op, op.one(_ONE, id=id))


def clients(op: Operation, filters: Filters) -> tuple[Sequence[ClientView], str | None]:
    """A page of clients, oldest first, including revoked ones; and the next page's cursor."""
    found, cursor = page(op, _FIRST if filters.cursor is None else _FURTHER, _ORDER, filters)
    return [view(op, row) for row in found], cursor
