"""Record credentials, limit them to what their makers may do, and revoke them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import Row, and_, bindparam, update

from app.auth.models import Account, Client, Device
from app.auth.queries import MAKERS_MAX, makers
from app.core.operation import CLINIC, Operation, rows
from app.core.values.access import ROLES, Scope
from app.core.values.problems import Conflict, Forbidden, NotFound
from app.credentials import queries
from app.credentials.service.owning import keeping_an_owner
from app.credentials.views import CredentialView, DescendantView, verifier_digest
from app.ledger import service as ledger
from app.records.comparison import check_unaltered

NOUN: Final = "credentials"
NOT_YOURS: Final = (
    "You may not revoke some of its descendants by themselves. Revoke it alone: then they stop"
    " working, too."
)
NAMED_MAX: Final = 10
TO_REVOKE: Final = {
    "api_key": Scope.CLIENTS_WRITE,
    "backend": Scope.CLIENTS_WRITE,
    "device": Scope.DEVICES_WRITE,
    "identity": Scope.ACCOUNTS_WRITE,
    "account": Scope.ACCOUNTS_WRITE,
}
"""By kind of client: the scope that revokes one. An account also needs the rights of its role."""
VERIFIERS: Final = (
    Client.secret_digest,
    Client.earlier_secret_digest,
    Device.code_digest,
    Account.password_hash,
    Account.totp_secret,
    Account.invitation_digest,
)
"""Every column that checks a secret which outlives a few minutes."""

CREDENTIALS: Final = (
    rows(Client, Client.id, Client.made_by, Client.earlier_secret_until, *VERIFIERS)
    .outerjoin(Device, and_(Device.clinic_id == Client.clinic_id, Device.client_id == Client.id))
    .outerjoin(Account, and_(Account.clinic_id == Client.clinic_id, Account.client_id == Client.id))
)
_ONE = CREDENTIALS.where(Client.id == bindparam("id"))
_REVOKE = (
    update(Client)
    .where(Client.clinic_id == CLINIC, Client.id == bindparam("this"))
    .values(revoked_at=bindparam("at"))
)
_EMPTY = (
    update(Account)
    .where(Account.clinic_id == CLINIC, Account.client_id == bindparam("this"))
    .values(
        name_key=None,
        password_hash=None,
        totp_secret=None,
        totp_step=None,
        invitation_digest=None,
        invited_until=None,
        version=Account.version + 1,
    )
)
"""Frees the name of an account, and forgets what checks who signs in."""


class Revoked(NamedTuple):
    """A client that was revoked, the time of that, and its descendants."""

    row: Row[Any]
    revoked_at: datetime
    descendants: Sequence[DescendantView]


def credential(row: Row[Any]) -> CredentialView:
    """Return the credential in a row of `CREDENTIALS`."""
    stored = {str(column.key): getattr(row, str(column.key)) for column in VERIFIERS}
    return {
        "id": row.id,
        "made_by": row.made_by,
        "earlier_secret_until": row.earlier_secret_until,
        "verifiers": {
            name: verifier_digest(verifier)
            for name, verifier in stored.items()
            if verifier is not None
        },
    }


def record_credential(op: Operation, client_id: UUID) -> None:
    """Record a client's verifiers as they are stored now. Call it after each change of one."""
    stated = credential(op.one(_ONE, id=client_id))
    ledger.record_rights_change(op, NOUN, stated)


def check_credential(op: Operation, row: Row[Any]) -> None:
    """Raise `DiffersFromLedger` unless a locked client is what the ledger states.

    Otherwise the next entry would state rights or a key that somebody has put into the row.
    """
    resource, stated = queries.STATED[row.kind]
    check_unaltered(op, resource, to_jsonable_python(stated(row)))
    check_unaltered(op, NOUN, to_jsonable_python(credential(op.one(_ONE, id=row.id))))


def latest_expiry(op: Operation) -> datetime | None:
    """When the caller's client and the clients above it expire; None if none of them does.

    What the caller makes must expire then at the latest. Raises `Conflict` if so many clients stand
    above the caller that it can't make another one.
    """
    if op.caller.client_id is None:
        return None
    chain = makers(op.db, op.clinic_id, op.caller.client_id)
    if len(chain) >= MAKERS_MAX:
        detail = f"Yours is the last of {MAKERS_MAX} clients that made one another: use the first."
        raise Conflict(detail)
    return min((maker.expires_at for maker in chain if maker.expires_at is not None), default=None)


def revoke(
    op: Operation, id: UUID, kinds: Collection[str], *, with_descendants: bool = False
) -> Revoked:
    """Revoke a client, if `with_descendants` with all clients below it. Idempotent.

    Its descendants stop working in any case. Raises `NotFound` if this clinic has no client of
    these kinds with this id, `LastOwner` if no owner could sign in then, and `Forbidden` for
    descendants that the caller may not revoke by themselves.
    """
    with keeping_an_owner(op):
        revoked = end(op, id, kinds)
        below = revoked.descendants if with_descendants else ()
        rows = [queries.locked(op, each["id"]) for each in below]
        _require_rights(op, [row for row in rows if row.revoked_at is None])
        for each, row in zip(below, rows, strict=True):
            each["revoked_at"] = _revoke(op, row, f"made by {id}")
    return revoked


def _require_rights(op: Operation, rows: Sequence[Row[Any]]) -> None:
    """Raise `Forbidden` unless the caller may revoke each of these clients by itself."""
    kept = [str(row.id) for row in rows if not _may_revoke(op, row)]
    if kept:
        named = ", ".join(kept[:NAMED_MAX]) + (", and others" if kept[NAMED_MAX:] else "")
        raise Forbidden(f"{NOT_YOURS} They are: {named}.")


def _may_revoke(op: Operation, row: Row[Any]) -> bool:
    needed = {TO_REVOKE[row.kind]} | (ROLES[row.role] if row.role else set())
    return needed <= op.caller.scopes


def end(op: Operation, id: UUID, kinds: Collection[str], *, reason: str | None = None) -> Revoked:
    """Revoke a client in any case, such as after a theft, even an owner's last one. Idempotent.

    Its descendants stop working. Raises `NotFound` as `revoke` does.
    """
    row = queries.locked(op, id)
    if row.kind not in kinds:
        raise NotFound
    at = _revoke(op, row, reason)
    found = [queries.descendant(each) for each in queries.descendants(op, [id])]
    op.stale_clients.update((id, *(each["id"] for each in found)))
    return Revoked(row, at, found)


def _revoke(op: Operation, row: Row[Any], reason: str | None) -> datetime:
    already: datetime | None = row.revoked_at
    if already is not None:
        return already
    resource, stated = queries.STATED[row.kind]
    op.run(_REVOKE, {"this": row.id, "at": op.at})
    view: dict[str, Any] = {**stated(row), "revoked_at": op.at}
    if row.kind == "account":
        op.run(_EMPTY, {"this": row.id})
        view |= {"invited_until": None, "version": row.version + 1}
    ledger.record(op, resource, view, operation=f"{resource}.revoke", reason=reason)
    if row.kind == "account":
        record_credential(op, row.id)
    return op.at
