"""Issue and revoke credentials."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, cast
from uuid import UUID

from sqlalchemy import bindparam, insert, update

from app.auth.models import Client, Identity
from app.auth.models import Kind as AnyKind
from app.auth.queries import client_by_id, makers, open_emergency
from app.auth.rules import Key, is_inactive, new_key
from app.auth.schemas import scopes_not_held
from app.auth.service import delete_tokens
from app.clients.errors import NoKeyToRotate
from app.clients.queries import locked, view
from app.clients.schemas import ClientBody, NewClientView, RevokedClientView
from app.core.db.database import across_clinics, lock_for_all_clinics
from app.core.operation import CLINIC, Operation
from app.core.values.access import Scope
from app.core.values.clock import clinic_day, uuid7
from app.core.values.faults import Fault
from app.core.values.problems import Conflict, Forbidden, Invalid
from app.core.values.vocabularies import words_of
from app.credentials import service as credentials
from app.credentials.queries import descendants, stated_client
from app.credentials.queries import locked as locked_client
from app.credentials.service import (
    Revoked,
    check_credential,
    latest_expiry,
    record_credential,
)
from app.credentials.views import ClientKind, KeySetView, StatedClient, StatedIdentity
from app.ledger import service as ledger
from app.records import service as records
from app.records.registry import registry

NOT_ITS_MAKER: Final = (
    "Only the client itself, a client that made it and holds its scopes, or the command line can"
    " rotate its key."
)
KINDS: Final = words_of(ClientKind)
_LINK_ANEW = (
    update(Client)
    .where(Client.clinic_id == CLINIC, Client.id == bindparam("this"))
    .values({name: bindparam(name) for name in ("name", "scopes", "created_at", "made_by")})
    .values(revoked_at=None)
)
_LINK_TO = (
    update(Identity)
    .where(Identity.clinic_id == CLINIC, Identity.client_id == bindparam("this"))
    .values(practitioner_id=bindparam("practitioner"))
)
_ROTATE = (
    update(Client)
    .where(Client.clinic_id == CLINIC, Client.id == bindparam("this"))
    .values(
        secret_digest=bindparam("digest"),
        earlier_secret_digest=bindparam("earlier"),
        earlier_secret_until=bindparam("until"),
    )
)


def add(
    op: Operation, name: str, scopes: Iterable[Scope], expires_at: datetime | None = None
) -> Key:
    """Create a client and issue its API key. Only this return value ever holds the secret."""
    key = new_key(uuid7())
    stated: StatedClient = {
        "id": key.client_id,
        "name": name,
        "kind": "api_key",
        "scopes": sorted(scopes),
        "jwks": None,
        "jwks_url": None,
        "created_at": op.at,
        "expires_at": None if expires_at is None else expires_at.astimezone(UTC),
        "revoked_at": None,
    }
    _store(op, stated, key)
    return key


def create(op: Operation, body: ClientBody) -> NewClientView:
    """Create a client from its body. Returns its view, with the API key if it has one.

    Without an expiry, it expires with the caller's client. Raises `Invalid` for a scope that the
    caller doesn't hold, and for an expiry that is past or later than that of the caller's client.
    """
    faults = list(scopes_not_held(op.caller, body.scopes))
    latest = latest_expiry(op)
    expires_at = latest if body.expires_at is None else body.expires_at.astimezone(UTC)
    if expires_at is not None and expires_at <= op.at:
        faults.append(Fault("/expires_at", "past", "That is past."))
    if latest is not None and expires_at is not None and expires_at > latest:
        late = f"You can't make a client that is valid after {latest:%Y-%m-%dT%H:%M:%SZ}."
        faults.append(Fault("/expires_at", "outlives_maker", late))
    if faults:
        raise Invalid(faults)
    key = new_key(uuid7())
    stated: StatedClient = {
        "id": key.client_id,
        "name": body.name,
        "kind": body.kind,
        "scopes": list(body.scopes),
        "jwks": None if body.jwks is None else cast("KeySetView", body.jwks.model_dump()),
        "jwks_url": body.jwks_url,
        "created_at": op.at,
        "expires_at": expires_at,
        "revoked_at": None,
    }
    _store(op, stated, key)
    return {
        **stated,
        "made_by": op.caller.client_id,
        "earlier_key_until": None,
        "api_key": str(key) if body.kind == "api_key" else None,
    }


def _store(op: Operation, stated: StatedClient, key: Key) -> None:
    digest = key.digest if stated["kind"] == "api_key" else None
    row = {**stated, "clinic_id": op.clinic_id, "secret_digest": digest}
    op.db.execute(insert(Client), {**row, "made_by": op.caller.client_id})
    ledger.record(op, "clients", stated)
    record_credential(op, stated["id"])


def rotate(op: Operation, id: UUID, overlap_hours: int) -> NewClientView:
    """Give a client a new API key. Its present key stays valid for so many hours.

    A client may rotate its own key and those of its descendants. Otherwise the new key would stay
    valid after its maker. Raises `NotFound`, `Forbidden`, `NoKeyToRotate` or `DiffersFromLedger`.
    """
    row = locked(op, id)
    caller = op.caller.client_id
    if caller is not None and caller != id:
        above = makers(op.db, op.clinic_id, id)
        held = set(row.scopes) <= set(op.caller.scopes)
        if not held or all(maker.id != caller for maker in above):
            raise Forbidden(NOT_ITS_MAKER)
    expired = row.expires_at is not None and row.expires_at <= op.at
    if row.kind != "api_key" or row.revoked_at is not None or expired:
        raise NoKeyToRotate
    check_credential(op, row)
    key = new_key(id)
    until = op.at + timedelta(hours=overlap_hours) if overlap_hours else None
    earlier = row.secret_digest if overlap_hours else None
    changed = {"digest": key.digest, "earlier": earlier, "until": until}
    op.run(_ROTATE, {"this": id, **changed})
    ledger.record(op, "clients", stated_client(row), operation="clients.rotate")
    record_credential(op, id)
    op.stale_clients.add(id)
    return {
        **view(op, row),
        "earlier_key_until": until,
        "api_key": str(key),
    }


def revoke(op: Operation, id: UUID, *, with_descendants: bool = False) -> RevokedClientView:
    """Revoke a client; `NotFound` if this clinic has none with this id. Idempotent."""
    revoked = credentials.revoke(op, id, KINDS, with_descendants=with_descendants)
    return {
        **view(op, revoked.row),
        "revoked_at": revoked.revoked_at,
        "descendants": list(revoked.descendants),
    }


def add_identity(
    op: Operation, id: UUID, name: str, practitioner_id: UUID, scopes: Iterable[Scope]
) -> StatedIdentity:
    """Let a practitioner sign in with the identity provider; `id` is what `identity_id` returns.

    An identity of this clinic that was revoked is linked anew. Raises `Conflict` if any clinic has
    this identity otherwise: a token must lead to one clinic. Raises `NotFound` if this clinic has
    no such practitioner, or `Conflict` if they are inactive.
    """
    practitioner = records.lock_record(op, registry["practitioners"], practitioner_id)
    if is_inactive(
        practitioner["status"], practitioner["inactive_from"], clinic_day(op.at, op.zone)
    ):
        raise Conflict("This practitioner is inactive.")
    lock_for_all_clinics(op.db, id)
    with across_clinics(op.db, op.clinic_id):
        there = client_by_id(op.db, id)
    if there is not None and (there.clinic_id != op.clinic_id or there.revoked_at is None):
        raise Conflict("This person has an identity already.")
    view: StatedIdentity = {
        "id": id,
        "name": name,
        "practitioner_id": practitioner_id,
        "scopes": sorted(scopes),
        "created_at": op.at,
        "revoked_at": None,
    }
    client = {
        "name": view["name"],
        "scopes": view["scopes"],
        "created_at": view["created_at"],
        "made_by": op.caller.client_id,
    }
    if there is None:
        keys = {"clinic_id": op.clinic_id, "id": id, "kind": "identity"}
        op.db.execute(insert(Client), keys | client)
        row = {"clinic_id": op.clinic_id, "client_id": id, "practitioner_id": practitioner_id}
        op.db.execute(insert(Identity), row)
    else:
        _end_what_it_was(op, id)
        op.run(_LINK_ANEW, {"this": id, **client})
        op.run(_LINK_TO, {"this": id, "practitioner": practitioner_id})
    ledger.record(op, "identities", view)
    record_credential(op, id)
    return view


def _end_what_it_was(op: Operation, id: UUID) -> None:
    """End what a revoked identity still has, which a new link must not bring back.

    That are its tokens, and the clients that it made. Raises `Conflict` for emergency access that
    would go on, or `DiffersFromLedger`.
    """
    row = locked_client(op, id)
    check_credential(op, row)
    if open_emergency(op.db, replace(op.caller, client_id=id), op.at) is not None:
        raise Conflict("Their emergency access is still open. End it, or wait until it is over.")
    delete_tokens(op, id)
    for each in descendants(op, [id]):
        credentials.end(op, each.id, words_of(AnyKind), reason=f"made by {id}")


def revoke_identity(op: Operation, id: UUID, *, with_descendants: bool = False) -> Revoked:
    """Revoke an identity; `NotFound` if this clinic has none with this id. Idempotent."""
    return credentials.revoke(op, id, ("identity",), with_descendants=with_descendants)
