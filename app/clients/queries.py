"""Read clients. Views show public keys, and never the digest of a secret."""

from collections.abc import Sequence
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import Row, bindparam

from app.auth.models import Client
from app.clients.schemas import ClientView, Kind
from app.core.http.pages import Filters, Order, page
from app.core.operation import Operation, rows

_ORDER = Order((Client.id,))
_CLIENTS = rows(Client).where(Client.kind.in_(get_args(Kind)))
_ONE = _CLIENTS.where(Client.id == bindparam("id"))
_LOCKED = _ONE.with_for_update()
_FIRST, _FURTHER = _ORDER.start(_CLIENTS), _ORDER.after(_CLIENTS)


def _view(row: Row[Any]) -> ClientView:
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "scopes": row.scopes,
        "jwks": row.jwks,
        "jwks_url": row.jwks_url,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
    }


def client(op: Operation, id: UUID, *, for_update: bool = False) -> ClientView:
    """One client; `NotFound` if this clinic has none with this id."""
    return _view(op.one(_LOCKED if for_update else _ONE, id=id))


def clients(op: Operation, filters: Filters) -> tuple[Sequence[ClientView], str | None]:
    """A page of clients, oldest first, including revoked ones; and the next page's cursor."""
    found, cursor = page(op, _FIRST if filters.cursor is None else _FURTHER, _ORDER, filters)
    return [_view(row) for row in found], cursor
