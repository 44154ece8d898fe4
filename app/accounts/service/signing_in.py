"""Sign people in, let the invited choose a password, and change passwords and second factors."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, bindparam, or_, update

from app.accounts.errors import AccountRevoked
from app.accounts.queries import checks_of, locked
from app.accounts.service.passwords import Checked
from app.accounts.service.storage import changed, record
from app.auth.models import Account
from app.auth.queries import caller_for, in_force
from app.auth.rules import Key, Untrusted
from app.auth.service import (
    delete_program_tokens,
    delete_tokens,
    new_refresh_token,
    rotate_refresh_token,
)
from app.core.operation import CLINIC, Operation
from app.core.values.access import Refused
from app.credentials.service import check_credential
from app.records.errors import DiffersFromLedger

_OWN: Final = (Account.clinic_id == CLINIC, Account.client_id == bindparam("this"))
_USE_CODE = (
    update(Account)
    .where(*_OWN, or_(Account.totp_step.is_(None), Account.totp_step < bindparam("step")))
    .values(totp_step=bindparam("step"))
)
_SIGNED_IN = update(Account).where(*_OWN).values(last_sign_in_at=bindparam("at"))


def confirm(op: Operation, checked: Checked) -> Row[Any]:
    """The account whose password was checked, locked until the commit. Its code is used up.

    A check takes long, so it is done before the transaction. Raises `Untrusted` if the password or
    the second factor was changed after the check, if the code or a later one was used, or if the
    account isn't in force. Whatever a password allows must call this first.
    """
    if checked.account is None or checked.fault is not None:
        raise Untrusted(checked.fault or "no account")
    found = _in_force(op, checked.account.id)
    present = checks_of(op, found.id)
    if _compared(present) != _compared(checked.account):
        raise Untrusted("changed after the check")
    used = {"this": found.id, "step": checked.step}
    if checked.step is not None and op.run(_USE_CODE, used) == 0:
        raise Untrusted("code used before")
    return found


def _compared(account: Row[Any]) -> tuple[str | None, str | None]:
    return account.password_hash, account.totp_secret


def take_sign_in(op: Operation, id: UUID) -> None:
    """Store that a person signs in."""
    op.run(_SIGNED_IN, {"this": id, "at": op.at})


def sign_in(op: Operation, checked: Checked) -> tuple[Row[Any], Key]:
    """Sign a program of a person in: delete the tokens of programs and issue one.

    Raises `Untrusted` as `confirm` does.
    """
    found = confirm(op, checked)
    take_sign_in(op, found.id)
    delete_program_tokens(op, found.id)
    return found, new_refresh_token(op, found.id)


def refresh(op: Operation, token: Key) -> tuple[Row[Any], Key | None]:
    """Exchange a refresh token. Returns the account and its next refresh token.

    A token that was used before signs the person out, and the next token is None. The password
    stays valid.
    """
    found = _in_force(op, token.client_id)
    next_token = rotate_refresh_token(op, token)
    if next_token is None:
        delete_tokens(op, token.client_id)
    return found, next_token


def check_invitation(op: Operation, code: Key) -> Row[Any]:
    """The account that a code invites to, locked until the commit.

    Raises `Untrusted` if the code is wrong, was used before, or is older than seven days, and if
    the account isn't in force.
    """
    found = _in_force(op, code.client_id)
    digest = checks_of(op, code.client_id).invitation_digest
    if digest is None or not code.matches(digest):
        raise Untrusted("wrong invitation")
    if found.invited_until is None or found.invited_until <= op.at:
        raise Untrusted("invitation expired")
    try:
        check_credential(op, found)
    except DiffersFromLedger:
        raise Untrusted("differs from the ledger") from None
    return found


def join(op: Operation, code: Key, password_hash: str) -> None:
    """Let an invited person choose a password. The code is used up. Or `Untrusted`."""
    found = check_invitation(op, code)
    delete_tokens(op, found.id)
    joined_at = op.at if found.joined_at is None else found.joined_at
    changed(
        *(op, found.id),
        password_hash=password_hash,
        invitation_digest=None,
        invited_until=None,
        joined_at=joined_at,
    )
    record(op, found.id, "accounts.join")


def set_password(op: Operation, id: UUID, password_hash: str) -> None:
    """Change the password of an account, which ends its sign-ins and its invitation.

    Raises `AccountRevoked`.
    """
    found = _not_revoked(op, id)
    delete_tokens(op, id)
    joined_at = op.at if found.joined_at is None else found.joined_at
    changed(
        *(op, id),
        password_hash=password_hash,
        invitation_digest=None,
        invited_until=None,
        joined_at=joined_at,
    )
    record(op, id, "accounts.set-password")


def set_totp(op: Operation, id: UUID, secret: str | None, step: int | None = None) -> None:
    """Turn the second factor of an account on, or off with None, which ends its sign-ins.

    `step` is that of the code that confirmed the secret: it can't be used again. Raises
    `AccountRevoked`.
    """
    _not_revoked(op, id)
    delete_tokens(op, id)
    changed(op, id, totp_secret=secret, totp_step=step)
    record(op, id, "accounts.set-second-factor")


def _not_revoked(op: Operation, id: UUID) -> Row[Any]:
    found = locked(op, id)
    if found.revoked_at is not None:
        raise AccountRevoked
    return found


def _in_force(op: Operation, id: UUID) -> Row[Any]:
    found = locked(op, id)
    refused = in_force(op.db, found, caller_for(found))
    if isinstance(refused, Refused):
        raise Untrusted(refused.reason)
    return found
