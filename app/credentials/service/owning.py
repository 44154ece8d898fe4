"""Keep one owner who can sign in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Row, and_

from app.auth.models import Account, Client
from app.auth.queries import caller_for, in_force
from app.core.operation import Operation, rows
from app.core.values.access import ROLES, Caller
from app.credentials.errors import LastOwner

DEPENDING: Final = (
    "Other owners can sign in, but their accounts depend on this one, which invited them or made"
    " what invited them: they would lose their rights, too. First somebody who doesn't depend on it"
    " must invite one of them again. If there is nobody, the person who runs this server makes such"
    " an owner: python -m app owner set, with another --name."
)
_OWNERS: Final = (
    rows(Client, Client, Account.password_hash)
    .join(Account, and_(Account.clinic_id == Client.clinic_id, Account.client_id == Client.id))
    .where(Client.role == "owner")
    .order_by(Client.id)
)
_LOCK: Final = (
    rows(Client, Client.id).where(Client.role == "owner").order_by(Client.id).with_for_update()
)


@contextmanager
def keeping_an_owner(op: Operation) -> Iterator[None]:
    """Raise `LastOwner` if the changes inside leave nobody who can sign in as an owner.

    The command line and the server may do it. A clinic that had no such owner before, because it
    uses keys only, can change everything.
    """
    if op.caller.client_id is None:
        yield
        return
    op.all(_LOCK)  # two owners can't end each other at once
    had = _able(op)
    yield
    if had and not has_owner(op):
        raise LastOwner(DEPENDING if len(had) > 1 else None)


def has_owner(op: Operation) -> bool:
    """Whether somebody can sign in as an owner now."""
    return bool(_able(op))


def _able(op: Operation) -> list[Row[Any]]:
    """Return the owners who can sign in now.

    They have a password, and neither they nor a maker of their account has ended or lost rights.
    """
    return [row for row in op.all(_OWNERS) if row.password_hash is not None and _can_own(op, row)]


def has_lost_owners(op: Operation) -> bool:
    """Whether the clinic has accounts of owners, and none of them can be used."""
    return bool(op.all(_OWNERS)) and not has_owner(op)


def _can_own(op: Operation, row: Row[Any]) -> bool:
    found = in_force(op.db, row, caller_for(row))
    return isinstance(found, Caller) and found.scopes >= ROLES["owner"]
