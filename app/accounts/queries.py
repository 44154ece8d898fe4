"""Read accounts and sign-ins."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, and_, bindparam, select

from app.accounts.rules import KEY_MAX, name_key
from app.accounts.schemas import AccountView, SignInsView, SignInView
from app.auth.models import Account, BrowserToken, Client
from app.auth.rules import browser_token_is_valid
from app.core.http.pages import Filters, Order, page
from app.core.operation import Operation, rows
from app.core.values.problems import NotFound
from app.credentials import queries as credentials
from app.credentials.queries import CLIENTS, stated_account
from app.ledger.models import LedgerHead

KINDS: Final = ("account",)
_ORDER = Order((Client.id,))
_ACCOUNTS = CLIENTS.where(Client.kind.in_(KINDS))
_ONE = _ACCOUNTS.where(Client.id == bindparam("id"))
_FIRST, _FURTHER = _ORDER.start(_ACCOUNTS), _ORDER.after(_ACCOUNTS)
_OF_CLIENT = and_(Account.clinic_id == Client.clinic_id, Account.client_id == Client.id)
_NAMED = (
    rows(Client, Client, Account.password_hash, Account.totp_secret, Account.totp_step)
    .add_columns(Account.practitioner_id)
    .join(Account, _OF_CLIENT)
    .where(Account.name_key == bindparam("name_key"), Client.revoked_at.is_(None))
)
_NAMES = (
    rows(Client, Client.id, Account.sign_in_name)
    .join(Account, _OF_CLIENT)
    .where(Client.revoked_at.is_(None))
)
_ONE_CHECKED = (
    rows(Client, Client.id, Account.password_hash, Account.totp_secret, Account.totp_step)
    .add_columns(Account.invitation_digest)
    .join(Account, _OF_CLIENT)
    .where(Client.id == bindparam("id"))
)
_SIGN_INS = (
    rows(BrowserToken)
    .join(
        Client,
        and_(Client.clinic_id == BrowserToken.clinic_id, Client.id == BrowserToken.client_id),
    )
    .where(Client.kind.in_(KINDS))
    .order_by(BrowserToken.used_at.desc(), BrowserToken.digest)
)
_OF_ONE = _SIGN_INS.where(BrowserToken.client_id == bindparam("id"))
# Before somebody signs in, their clinic isn't known. Two are enough to see that there are several.
_SOME_CLINICS = select(LedgerHead.clinic_id).limit(2)


def view(row: Row[Any]) -> AccountView:
    """The view of an account."""
    return {
        **stated_account(row),
        "second_factor": bool(row.second_factor),
        "last_sign_in_at": row.last_sign_in_at,
        "made_by": row.made_by,
    }


def locked(op: Operation, id: UUID) -> Row[Any]:
    """One account, locked until the commit; `NotFound` if this clinic has none with this id."""
    row = credentials.locked(op, id)
    if row.kind not in KINDS:
        raise NotFound
    return row


def account(op: Operation, id: UUID) -> AccountView:
    """One account; `NotFound` if this clinic has none with this id."""
    return view(op.one(_ONE, id=id))


def accounts(op: Operation, filters: Filters) -> tuple[Sequence[AccountView], str | None]:
    """A page of accounts, oldest first, including revoked ones; and the next page's cursor."""
    found, cursor = page(op, _FIRST if filters.cursor is None else _FURTHER, _ORDER, filters)
    return [view(row) for row in found], cursor


def account_named(db: Connection, clinic_id: UUID, sign_in_name: str) -> Row[Any] | None:
    """The client of the account with this name, and what checks who signs in; or None.

    The connection is in that clinic.
    """
    key = name_key(sign_in_name)
    if len(key) > KEY_MAX or "\0" in key:  # no account has such a name, and no column can hold it
        return None
    return db.execute(_NAMED, {"clinic": clinic_id, "name_key": key}).first()


def sign_in_names(op: Operation) -> dict[UUID, str]:
    """The names with which people sign in, of the accounts that haven't ended, by their ids."""
    return {row.id: row.sign_in_name for row in op.all(_NAMES)}


def checks_of(op: Operation, id: UUID) -> Row[Any]:
    """What checks who signs in: password, second factor and invitation of an account, as stored."""
    return op.one(_ONE_CHECKED, id=id)


def sign_ins(op: Operation, account_id: UUID | None = None) -> SignInsView:
    """The browsers in which people are signed in: those of one account, or of all.

    `NotFound` if this clinic has no account with this id.
    """
    if account_id is None:
        found = op.all(_SIGN_INS)
    else:
        account(op, account_id)
        found = op.all(_OF_ONE, id=account_id)
    valid = (row for row in found if browser_token_is_valid(op.at, row.began_at, row.used_at))
    return {"items": [_sign_in(row) for row in valid]}


def digest_of_sign_in(op: Operation, account_id: UUID, id: UUID) -> bytes | None:
    """The digest of the token of a sign-in of this account; None if there is none."""
    found = (row.digest for row in op.all(_OF_ONE, id=account_id))
    return next((bytes(digest) for digest in found if sign_in_id(digest) == id), None)


def sign_in_id(digest: bytes) -> UUID:
    """The id of a sign-in: half of its token's digest, from which nobody can derive the token."""
    return UUID(bytes=bytes(digest)[:16])


def _sign_in(row: Row[Any]) -> SignInView:
    return {
        "id": sign_in_id(row.digest),
        "account_id": row.client_id,
        "began_at": row.began_at,
        "used_at": row.used_at,
    }


def only_clinic(db: Connection) -> UUID | None:
    """The clinic of a database that has one; None if it has several, or none yet."""
    found = db.execute(_SOME_CLINICS).scalars().all()
    return found[0] if len(found) == 1 else None
