"""Credentials as the ledger states them. Pure."""

import hashlib
from datetime import datetime
from typing import Literal
from uuid import UUID

from typing_extensions import TypeAliasType, TypedDict

from app.core.values.access import Role

ClientKind = TypeAliasType("ClientKind", Literal["api_key", "backend"])
"""Whether it sends an API key or signs its token requests as a back end."""
DescendantKind = TypeAliasType(
    "DescendantKind", Literal["api_key", "backend", "device", "identity", "account"]
)
"""What a client made: a program, a device, a sign-in or an account."""


class CredentialView(TypedDict, closed=True):
    """Who made a client, and the digests of its verifiers."""

    id: UUID
    made_by: UUID | None
    earlier_secret_until: datetime | None
    """Until when the API key from before the last rotation is valid."""
    verifiers: dict[str, str]
    """The SHA-256, in hex, of each stored verifier, by the name of its column."""


class KeyView(TypedDict, closed=True):
    """A public key (RFC 7517)."""

    kty: str
    kid: str
    use: str | None
    alg: str | None
    key_ops: list[str] | None
    n: str | None
    e: str | None
    crv: str | None
    x: str | None
    y: str | None


class KeySetView(TypedDict, closed=True):
    """A back end's public keys."""

    keys: list[KeyView]


class ClientMembers(TypedDict):
    """What the ledger states about a client with an API key, or a back end."""

    id: UUID
    name: str
    kind: ClientKind
    scopes: list[str]
    """What it may do at most."""
    jwks: KeySetView | None
    jwks_url: str | None
    """Where a back end publishes its public keys; null if it doesn't."""
    created_at: datetime
    expires_at: datetime | None
    """When it stops working; null: never by time."""
    revoked_at: datetime | None
    """When somebody revoked it; null if nobody did."""


class PersonalMembers(TypedDict):
    """What the ledger states about a client of a practitioner: a device or an identity."""

    id: UUID
    name: str
    practitioner_id: UUID
    """The practitioner for whom it acts."""
    scopes: list[str]
    """What it may do at most."""
    created_at: datetime
    revoked_at: datetime | None
    """When somebody revoked it; null if nobody did."""


class StatedClient(ClientMembers, closed=True):
    """A client in the body of a ledger entry."""


class StatedDevice(PersonalMembers, closed=True):
    """A device in the body of a ledger entry."""

    code_expires_at: datetime
    enrolled_at: datetime | None


class StatedIdentity(PersonalMembers, closed=True):
    """The link of a practitioner to the identity provider, in the body of a ledger entry."""


class AccountMembers(TypedDict):
    """What the ledger states about the account of a person."""

    id: UUID
    name: str
    """The person's name, as others read it."""
    sign_in_name: str
    """What the person types to sign in."""
    role: Role
    """What the person does in the clinic, which decides their rights."""
    practitioner_id: UUID | None
    """The practitioner that the person is; null for other staff."""
    email: str | None
    """Where messages about the account go; null if nobody gave an address."""
    created_at: datetime
    invited_until: datetime | None
    """Until when the newest invitation can be used; null if it was used."""
    joined_at: datetime | None
    """When the person first chose a password; null if they have not."""
    revoked_at: datetime | None
    """When somebody revoked it; null if nobody did."""
    version: int


class StatedAccount(AccountMembers, closed=True):
    """An account in the body of a ledger entry."""


class DescendantView(TypedDict, closed=True):
    """A client that another client made, itself or through clients that it made."""

    id: UUID
    kind: DescendantKind
    """What it is: a program, a device, a sign-in or an account."""
    name: str
    """What the clinic calls it."""
    revoked_at: datetime | None
    """When it was revoked itself. If it wasn't, it ends with the client that made it."""


def verifier_digest(verifier: bytes | str) -> str:
    """Return the digest of a verifier, for the ledger."""
    stored = verifier.encode() if isinstance(verifier, str) else bytes(verifier)
    return hashlib.sha256(stored).hexdigest()
