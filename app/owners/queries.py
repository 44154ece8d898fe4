"""Read the owner."""

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import Connection, Executable, Row, bindparam, select

from app.auth.models import Client, Owner
from app.core.operation import Operation, rows

# This can't filter by clinic: an owner signs in before their clinic is known.
_OWNER: Executable = select(Client, Owner.password_hash, Owner.totp_secret, Owner.totp_step).join(
    Owner, (Owner.clinic_id == Client.clinic_id) & (Owner.client_id == Client.id)
)
_LOCKED = rows(Client).where(Client.id == bindparam("id")).with_for_update()


class OwnerView(TypedDict):
    """The owner in a ledger entry: all fields but the password's hash and the second factor."""

    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    revoked_at: datetime | None


def owner(db: Connection) -> Row[Any] | None:
    """The database's owner, with what checks their sign-in; None if there is no owner."""
    return db.execute(_OWNER).first()


def locked(op: Operation, id: UUID) -> Row[Any]:
    """The client of the present or a former owner, locked until the commit."""
    found = op.first(_LOCKED, id=id)
    if found is None:
        raise AssertionError
    return found


def view(row: Row[Any]) -> OwnerView:
    """The owner's fields for a ledger entry: all but what checks who signs in."""
    return {
        "id": row.id,
        "name": row.name,
        "scopes": row.scopes,
        "created_at": row.created_at,
        "revoked_at": row.revoked_at,
    }
