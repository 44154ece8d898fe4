"""Keys: `<prefix>_<client id>_<secret>`, so that a look-up begins with whose it is. Pure."""

import hashlib
import hmac
import secrets
from typing import Final, Literal, NamedTuple
from uuid import UUID

Prefix = Literal["nw"]
API_KEY: Final = "nw"
KEY_MAX: Final = 200


class Key(NamedTuple):
    """The parts of a key of any kind."""

    client_id: UUID
    secret: str
    prefix: Prefix = API_KEY

    def __str__(self) -> str:
        return f"{self.prefix}_{self.client_id.hex}_{self.secret}"

    @property
    def digest(self) -> bytes:
        """What is stored: a secret of 256 random bits needs no slow hash."""
        return hashlib.sha256(self.secret.encode()).digest()

    def matches(self, digest: bytes) -> bool:
        """Whether this is the key with that digest, in constant time."""
        return hmac.compare_digest(self.digest, digest)


def new_key(client_id: UUID, prefix: Prefix = API_KEY) -> Key:
    """A fresh key for a client."""
    return Key(client_id, secrets.token_urlsafe(32), prefix)


def parse_key(token: str, *prefixes: Prefix) -> Key | None:
    """A key with one of these prefixes from a bearer token; None if it has another form."""
    parts = token.split("_", 2)
    if len(token) > KEY_MAX or len(parts) != 3:  # noqa: PLR2004 - the three parts
        return None
    for prefix in prefixes:
        if parts[0] == prefix:
            try:
                return Key(UUID(hex=parts[1]), parts[2], prefix)
            except ValueError:
                return None
    return None
