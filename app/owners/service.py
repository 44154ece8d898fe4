"""Making the owner, checking his password, and signing him in."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Row, bindparam, delete, insert, update

from app.auth.models import Client, Owner
from app.auth.queries import caller_for, in_force
from app.auth.rules import Key, Untrusted
from app.auth.service import end_tokens, exchange, new_refresh_token
from app.core.db.database import Database
from app.core.operation import CLINIC, Operation
from app.core.values.access import ROLES, Refused
from app.core.values.clock import uuid7
from app.core.values.problems import Conflict
from app.ledger import service as ledger
from app.owners.queries import OwnerView, locked, owner, view
from app.owners.rules import spelt

NAME: Final = "owner"
"""What he signs in as: there is one."""
# As RFC 9106 §4 has it for 64 MiB, but in one lane: each would be a thread of its own.
_HASHES: Final = PasswordHash((Argon2Hasher(time_cost=3, memory_cost=65_536, parallelism=1),))
# A hash takes all of a processor, which is the point of it: one at a time.
_AT_IT: Final = ThreadPoolExecutor(1, thread_name_prefix="argon2")

_REVOKE = (
    update(Client)
    .where(Client.clinic_id == CLINIC, Client.id == bindparam("this"))
    .values(revoked_at=bindparam("at"))
)
_FORGET = delete(Owner).where(Owner.clinic_id == CLINIC, Owner.client_id == bindparam("this"))


def hashed(password: str) -> str:
    """What is stored of a password."""
    return _HASHES.hash(spelt(password))


def put(op: Operation, password_hash: str) -> OwnerView:
    """Make the owner of this clinic, in the place of one who is there: that one is out.

    `Conflict` where the database has one of another clinic.
    """
    there = owner(op.db)
    if there is not None and there.clinic_id != op.clinic_id:
        raise Conflict("Another clinic of this database has an owner: remove that one first.")
    if there is not None:
        remove(op)
    made: OwnerView = {
        "id": uuid7(),
        "name": NAME,
        "scopes": sorted(ROLES["owner"]),
        "created_at": op.at,
        "revoked_at": None,
    }
    own = {"clinic_id": op.clinic_id}
    op.db.execute(insert(Client), {**own, **made, "kind": "owner"})
    hash_ = {"client_id": made["id"], "password_hash": password_hash}
    op.db.execute(insert(Owner), {**own, **hash_})
    ledger.record(op, "owners", made, operation="owners.create")
    return made


def remove(op: Operation) -> OwnerView | None:
    """End the owner of this clinic and all that he holds; None where there is none."""
    there = owner(op.db)
    if there is None or there.clinic_id != op.clinic_id:
        return None
    op.run(_FORGET, {"this": there.id})
    op.run(_REVOKE, {"this": there.id, "at": op.at})
    end_tokens(op, there.id)
    ended = view(there)
    ended["revoked_at"] = op.at
    ledger.record(op, "owners", ended, operation="owners.revoke")
    return ended


class Checked(NamedTuple):
    """The owner, if the database has one, and whether a name and a password are his."""

    owner: Row[Any] | None
    good: bool


async def check_password(database: Database, name: str, password: str) -> Checked:
    """Whose name and password that is. It takes as long where there is nobody."""
    there = await asyncio.to_thread(_owner, database)
    work = partial(_is_his, there, name, password)
    return Checked(there, await asyncio.get_running_loop().run_in_executor(_AT_IT, work))


def _owner(database: Database) -> Row[Any] | None:
    with database.reading() as db:
        return owner(db)


def _is_his(there: Row[Any] | None, name: str, password: str) -> bool:
    if there is None:
        hashed(password)  # as long as it takes to look whether it is good
        return False
    return _HASHES.verify(spelt(password), there.password_hash) and name == NAME


def sign_in(op: Operation, id: UUID) -> tuple[Row[Any], Key]:
    """Give the owner a refresh token, the only one that is good from now on.

    `Untrusted` if his account has ended since his password was checked.
    """
    found = _in_force(op, id)
    end_tokens(op, id)
    return found, new_refresh_token(op, id)


def refresh(op: Operation, token: Key) -> tuple[Row[Any], Key | None]:
    """Take a refresh token for the next one.

    No next one where it was used before: that ends what was signed in, and the password is as
    good as ever.
    """
    found = _in_force(op, token.client_id)
    following = exchange(op, token)
    if following is None:
        end_tokens(op, token.client_id)
    return found, following


def _in_force(op: Operation, id: UUID) -> Row[Any]:
    found = locked(op, id)
    refused = in_force(found, caller_for(found))
    if isinstance(refused, Refused):
        raise Untrusted(refused.reason)
    return found
