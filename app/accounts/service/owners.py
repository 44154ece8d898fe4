"""The owner's account as the command line makes it."""

from typing import Final

from app.accounts.queries import account_named, locked, view
from app.accounts.schemas import AccountBody, AccountView
from app.accounts.service import add, revoke
from app.accounts.service.signing_in import set_password
from app.core.operation import Operation
from app.core.values.clock import uuid7
from app.core.values.problems import Conflict

NAME: Final = "owner"
"""The name to sign in with, unless the command gives another one."""


def set_owner(op: Operation, password_hash: str, name: str = NAME) -> AccountView:
    """Create an owner's account, or change its password, which ends its sign-ins.

    An owner keeps their client id, so what they made stays valid. Raises `Conflict` if the account
    of this name has another role.
    """
    there = account_named(op.db, op.clinic_id, name)
    if there is None:
        body = AccountBody(name=name, sign_in_name=name, role="owner")
        id = uuid7()
        add(op, body, id, password_hash=password_hash, joined_at=op.at)
    elif there.role != "owner":
        raise Conflict("This is the account of somebody else, who is no owner.")
    else:
        id = there.id
        set_password(op, id, password_hash)
    return view(locked(op, id))


def remove(op: Operation, name: str = NAME) -> AccountView | None:
    """Revoke the owner's account of this name and end its sign-ins; None if there is none."""
    there = account_named(op.db, op.clinic_id, name)
    if there is None or there.role != "owner":
        return None
    revoke(op, there.id)
    return view(locked(op, there.id))
