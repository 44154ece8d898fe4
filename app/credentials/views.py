"""A credential as the ledger states it. Pure."""

import hashlib
from uuid import UUID

from typing_extensions import TypedDict


class CredentialView(TypedDict, closed=True):
    """Who made a client, and the digests of its verifiers."""

    id: UUID
    made_by: UUID | None
    verifiers: dict[str, str]
    """The SHA-256, in hex, of each stored verifier, by the name of its column."""


def verifier_digest(verifier: bytes | str) -> str:
    """Return the digest of a verifier, for the ledger."""
    stored = verifier.encode() if isinstance(verifier, str) else bytes(verifier)
    return hashlib.sha256(stored).hexdigest()
