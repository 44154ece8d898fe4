"""API keys: `nw_<client id>_<secret>`. Pure."""

import hashlib
import hmac
import secrets
from typing import NamedTuple
from uuid import UUID

PREFIX = "nw"
KEY_MAX = 200


class ApiKey(NamedTuple):
    """The parts of an API key."""

    client_id: UUID
    secret: str

    def __str__(self) -> str:
        return f"{PREFIX}_{self.client_id.hex}_{self.secret}"

    @property
    def digest(self) -> bytes:
        """What is stored: a secret of 256 random bits needs no slow hash."""
        return hashlib.sha256(self.secret.encode()).digest()

    def matches(self, digest: bytes) -> bool:
        """Whether this is the key with that digest, in constant time."""
        return hmac.compare_digest(self.digest, digest)


def new_key(client_id: UUID) -> ApiKey:
    """A fresh key for a client."""
    return ApiKey(client_id, secrets.token_urlsafe(32))


def parse_key(token: str) -> ApiKey | None:
    """An API key from a bearer token; None if it has another form."""
    parts = token.split("_", 2)
    if len(token) > KEY_MAX or len(parts) != 3 or parts[0] != PREFIX:  # noqa: PLR2004 - the three parts
        return None
    try:
        return ApiKey(UUID(hex=parts[1]), parts[2])
    except ValueError:
        return None
