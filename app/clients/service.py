"""Issue and revoke credentials."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from sqlalchemy import bindparam, insert, update

from app.auth.models import Client, Identity
from app.auth.queries import client_by_id
from app.auth.rules import Key, is_inactive, new_key
from app.auth.schemas import scopes_not_held
from app.clients.queries import client
from app.clients.schemas import ClientBody, ClientView, IdentityView, KeySetView, NewClientView
from app.core.operation import CLINIC, Operation, rows
from app.core.values.access import Scope
from app.core.values.clock import clinic_day, uuid7
from app.core.values.faults import Fault
from app.core.values.problems import Conflict, Invalid, NotFound
from app.credentials.service import record_credential
from app.ledger import service as ledger
from app.records import service as records
from app.records.registry import registry

_REVOKE = (
    update(Client)
    .where(Client.clinic_id == CLINIC, Client.id == bindparam("this"))
    .values(revoked_at=bindparam("at"))
)
_IDENTITY = (
    rows(Client, Client, Identity.practitioner_id)
    .join(Identity, Identity.client_id == Client.id)
    .where(Identity.clinic_id == CLINIC, Client.id == bindparam("id"))
    .with_for_update()
)


def add(
    op: Operation, name: str, scopes: Iterable[Scope], expires_at: datetime | None = None
) -> Key:
    """Create a client and issue its API key. Only this return value ever holds the secret."""
    key = new_key(uuid7())
    view: ClientView = {
        "id": key.client_id,
        "name": name,
        "kind": "api_key",
        "scopes": sorted(scopes),
        "jwks": None,
        "jwks_url": None,
        "created_at": op.at,
        "expires_at": expires_at,
        "revoked_at": None,
    }
    _store(op, view, key)
    return key


def create(op: Operation, body: ClientBody) -> NewClientView:
    """Create a client from its body. Returns its view, with the API key if it has one.

    Raises `Invalid` for a scope that the caller doesn't hold and for an expiry in the past.
    """
    faults = list(scopes_not_held(op.caller, body.scopes))
    if body.expires_at is not None and body.expires_at <= op.at:
        faults.append(Fault("/expires_at", "past", "That is past."))
    if faults:
        raise Invalid(faults)
    key = new_key(uuid7())
    view: ClientView = {
        "id": key.client_id,
        "name": body.name,
        "kind": body.kind,
        "scopes": list(body.scopes),
        "jwks": None if body.jwks is None else cast("KeySetView", body.jwks.model_dump()),
        "jwks_url": body.jwks_url,
        "created_at": op.at,
        "expires_at": None if body.expires_at is None else body.expires_at.astimezone(UTC),
        "revoked_at": None,
    }
    _store(op, view, key)
    return {**view, "api_key": str(key) if body.kind == "api_key" else None}


def _store(op: Operation, view: ClientView, key: Key) -> None:
    digest = key.digest if view["kind"] == "api_key" else None
    row = {**view, "clinic_id": op.clinic_id, "secret_digest": digest}
    op.db.execute(insert(Client), {**row, "made_by": op.caller.client_id})
    ledger.record(op, "clients", view)
    record_credential(op, view["id"])


def revoke(op: Operation, id: UUID, reason: str | None = None) -> ClientView:
    """Revoke a client; `NotFound` if this clinic has none with this id. Idempotent."""
    found = client(op, id, for_update=True)
    if found["revoked_at"] is None:
        found["revoked_at"] = op.at
        op.run(_REVOKE, {"this": id, "at": op.at})
        ledger.record(op, "clients", found, operation="clients.revoke", reason=reason)
    return found


def add_identity(
    op: Operation, id: UUID, name: str, practitioner_id: UUID, scopes: Iterable[Scope]
) -> IdentityView:
    """Let a practitioner sign in with the identity provider; `id` is what `identity_id` returns.

    Raises `Conflict` if any clinic has this identity already: a token must lead to one clinic.
    Raises `NotFound` if this clinic has no such practitioner, or `Conflict` if they are inactive.
    """
    practitioner = records.lock_record(op, registry["practitioners"], practitioner_id)
    if is_inactive(practitioner["status"], practitioner["inactive_from"], clinic_day(op.at)):
        raise Conflict("This practitioner is inactive.")
    if client_by_id(op.db, id) is not None:
        raise Conflict("This person has an identity already.")
    view: IdentityView = {
        "id": id,
        "name": name,
        "practitioner_id": practitioner_id,
        "scopes": sorted(scopes),
        "created_at": op.at,
        "revoked_at": None,
    }
    client = {
        "clinic_id": op.clinic_id,
        "id": id,
        "kind": "identity",
        "name": view["name"],
        "scopes": view["scopes"],
        "created_at": view["created_at"],
        "made_by": op.caller.client_id,
    }
    op.db.execute(insert(Client), client)
    row = {"clinic_id": op.clinic_id, "client_id": id, "practitioner_id": practitioner_id}
    op.db.execute(insert(Identity), row)
    ledger.record(op, "identities", view)
    record_credential(op, id)
    return view


def revoke_identity(op: Operation, id: UUID, reason: str | None = None) -> IdentityView:
    """Revoke an identity; `NotFound` if this clinic has none with this id. Idempotent."""
    found = op.first(_IDENTITY, id=id)
    if found is None:
        raise NotFound
    view: IdentityView = {
        "id": found.id,
        "name": found.name,
        "practitioner_id": found.practitioner_id,
        "scopes": found.scopes,
        "created_at": found.created_at,
        "revoked_at": found.revoked_at,
    }
    if view["revoked_at"] is None:
        view["revoked_at"] = op.at
        op.run(_REVOKE, {"this": id, "at": op.at})
        ledger.record(op, "identities", view, operation="identities.revoke", reason=reason)
    return view
