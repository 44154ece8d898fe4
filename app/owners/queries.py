"""Read the owner."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Executable, Row, bindparam, select

from app.auth.models import Client, Owner
from app.core.operation import Operation, rows

# This can't filter by clinic: an owner signs in before their clinic is known.
_OWNER: Executable = select(Client, Owner.password_hash).join(
    Owner, (Owner.clinic_id == Client.clinic_id) & (Owner.client_id == Client.id)
)
_LOCKED = rows(Client).where(Client.id == bindparam("id")).with_for_update()
SHOWN = ("id", "name", "scopes", "created_at", "revoked_at")


def owner(db: Connection) -> Row[Any] | None:
    """The database's owner: their client and the hash of the password; None if there is none."""
    return db.execute(_OWNER).first()


def locked(op: Operation, id: UUID) -> Row[Any]:
    """The client of the present or a former owner, locked until the commit."""
    found = op.first(_LOCKED, id=id)
    if found is None:
        raise AssertionError
    return found


def view(row: Row[Any]) -> dict[str, Any]:
    """The owner's fields for a ledger entry: all but the hash of the password."""
    return {name: getattr(row, name) for name in SHOWN}
