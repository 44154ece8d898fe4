"""Issuing and revoking API keys."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, update

from app.auth.models import Client
from app.auth.rules import ApiKey, new_key
from app.core.access import Scope
from app.core.clock import uuid7
from app.core.operation import CLINIC, Operation, rows
from app.core.problems import NotFound
from app.ledger import service as ledger

_CLIENT = rows(Client).where(Client.id == bindparam("id"))
_REVOKE = (
    update(Client)
    .where(Client.clinic_id == CLINIC, Client.id == bindparam("this"))
    .values(revoked_at=bindparam("at"))
)


def add(
    op: Operation, name: str, scopes: Iterable[Scope], expires_at: datetime | None = None
) -> ApiKey:
    """Issue a key to a new client. This is the only time that its secret is seen."""
    key = new_key(uuid7())
    client = {
        "id": key.client_id,
        "name": name,
        "scopes": sorted(scopes),
        "created_at": op.at,
        "expires_at": expires_at,
        "revoked_at": None,
    }
    row = {**client, "clinic_id": op.clinic_id, "secret_digest": key.digest}
    op.db.execute(insert(Client), row)
    ledger.record(op, "clients", client)
    return key


def revoke(op: Operation, id: UUID) -> dict[str, Any]:
    """End a client's key; `NotFound` where this clinic has no such client."""
    found = op.first(_CLIENT, id=id)
    if found is None:
        raise NotFound
    client = {
        "id": found.id,
        "name": found.name,
        "scopes": found.scopes,
        "created_at": found.created_at,
        "expires_at": found.expires_at,
        "revoked_at": found.revoked_at or op.at,
    }
    if found.revoked_at is None:
        op.run(_REVOKE, {"this": id, "at": op.at})
        ledger.record(op, "clients", client)
    return client
