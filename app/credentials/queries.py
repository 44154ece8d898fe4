"""Read what the ledger states about clients, and who made them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, and_, bindparam, func, select
from sqlalchemy.orm import aliased

from app.auth.models import Account, Client, Device, Identity
from app.auth.rules import Key
from app.core.operation import CLINIC, Operation, rows
from app.core.values.problems import Conflict
from app.credentials.views import (
    DescendantView,
    StatedAccount,
    StatedClient,
    StatedDevice,
    StatedIdentity,
)

CLIENTS: Final = (
    rows(
        Client,
        Client,
        *(Device.code_digest, Device.code_expires_at, Device.enrolled_at),
        *(Account.sign_in_name, Account.email, Account.invited_until, Account.joined_at),
        *(Account.last_sign_in_at, Account.version),
        Account.totp_secret.is_not(None).label("second_factor"),
        func.coalesce(
            Device.practitioner_id, Identity.practitioner_id, Account.practitioner_id
        ).label("practitioner_id"),
    )
    .outerjoin(Device, and_(Device.clinic_id == Client.clinic_id, Device.client_id == Client.id))
    .outerjoin(
        Identity, and_(Identity.clinic_id == Client.clinic_id, Identity.client_id == Client.id)
    )
    .outerjoin(Account, and_(Account.clinic_id == Client.clinic_id, Account.client_id == Client.id))
)
"""Clients of every kind, with the columns of their devices, identities and accounts."""

_LOCK = rows(Client, Client.id).where(Client.id == bindparam("id")).with_for_update()
_ONE = CLIENTS.where(Client.id == bindparam("id"))


def _descendants() -> Select[Any]:
    """The query for the clients below the clients `ids`. Loops end, because `UNION` drops them."""
    below = aliased(Client, name="below")
    first = rows(Client, Client.id).where(Client.made_by.in_(bindparam("ids", expanding=True)))
    found = first.cte("descendants", recursive=True)
    every = found.union(
        select(below.id).join(found, below.made_by == found.c.id).where(below.clinic_id == CLINIC)
    )
    return (
        rows(Client, Client.id, Client.kind, Client.name, Client.created_at, Client.revoked_at)
        .join(every, every.c.id == Client.id)
        .where(Client.id.not_in(bindparam("ids", expanding=True)))
        .order_by(Client.created_at, Client.id)
    )


_DESCENDANTS = _descendants()


def made_before(op: Operation, code: Key) -> Row[Any] | None:
    """The client of a code, locked until the commit; None if it is yet to be made.

    The caller's own client is locked first: what they send twice at once is done one by one.
    Raises `Conflict` if somebody else made it.
    """
    if op.caller.client_id is not None:
        op.one(_LOCK, id=op.caller.client_id)
    found = op.first(_LOCK, id=code.client_id) and op.one(_ONE, id=code.client_id)
    if found is not None and found.made_by != op.caller.client_id:
        raise Conflict("Somebody else made this before.")
    return found


def locked(op: Operation, id: UUID) -> Row[Any]:
    """One client of any kind, locked until the commit; `NotFound` if there is none."""
    # Lock first: PostgreSQL can't lock rows of an outer join, and would show them as of before.
    op.one(_LOCK, id=id)
    return op.one(_ONE, id=id)


def descendants(op: Operation, ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """The clients that these clients made, and those that these made, and so on; oldest first.

    A row has `id`, `kind`, `name`, `created_at` and `revoked_at`.
    """
    return op.all(_DESCENDANTS, ids=list(ids))


def descendant(row: Row[Any]) -> DescendantView:
    """The view of a row of `descendants`."""
    return {"id": row.id, "kind": row.kind, "name": row.name, "revoked_at": row.revoked_at}


def stated_client(row: Row[Any]) -> StatedClient:
    """What the ledger states about a client with an API key, or a back end."""
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "scopes": row.scopes,
        "jwks": row.jwks,
        "jwks_url": row.jwks_url,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
    }


def stated_device(row: Row[Any]) -> StatedDevice:
    """What the ledger states about a device, in a row of `CLIENTS`."""
    return {
        "id": row.id,
        "name": row.name,
        "practitioner_id": row.practitioner_id,
        "scopes": row.scopes,
        "created_at": row.created_at,
        "code_expires_at": row.code_expires_at,
        "enrolled_at": row.enrolled_at,
        "revoked_at": row.revoked_at,
    }


def stated_identity(row: Row[Any]) -> StatedIdentity:
    """What the ledger states about an identity, in a row of `CLIENTS`."""
    return {
        "id": row.id,
        "name": row.name,
        "practitioner_id": row.practitioner_id,
        "scopes": row.scopes,
        "created_at": row.created_at,
        "revoked_at": row.revoked_at,
    }


def stated_account(row: Row[Any]) -> StatedAccount:
    """What the ledger states about an account, in a row of `CLIENTS`."""
    return {
        "id": row.id,
        "name": row.name,
        "sign_in_name": row.sign_in_name,
        "role": row.role,
        "practitioner_id": row.practitioner_id,
        "email": row.email,
        "created_at": row.created_at,
        "invited_until": row.invited_until,
        "joined_at": row.joined_at,
        "revoked_at": row.revoked_at,
        "version": row.version,
    }


STATED: Final[Mapping[str, tuple[str, Callable[[Row[Any]], Any]]]] = {
    "api_key": ("clients", stated_client),
    "backend": ("clients", stated_client),
    "device": ("devices", stated_device),
    "identity": ("identities", stated_identity),
    "account": ("accounts", stated_account),
}
"""By kind of client: the resource in its ledger entries, and what they state about it."""
