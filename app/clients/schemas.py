"""Clients on the wire."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from typing_extensions import TypeAliasType

from app.auth.jose import public_key
from app.auth.rules import Untrusted
from app.auth.schemas import DESCENDANTS, Scopes
from app.core.http.outgoing import check_address
from app.core.values.faults import RuleBroken, check_distinct
from app.core.values.wire import Body, Line, Moment, example
from app.credentials.views import ClientKind, ClientMembers, DescendantView

KeyType = TypeAliasType("KeyType", Literal["RSA", "EC"])
"""The family of a public key."""
KeyAlgorithm = TypeAliasType("KeyAlgorithm", Literal["RS384", "ES384"])
"""How a token request is signed; `RS384` for RSA, `ES384` for EC."""
KEYS_MAX = 10
OVERLAP_HOURS = 24
OVERLAP_HOURS_MAX = 168
BASE64URL = r"^[A-Za-z0-9_-]+$"


Number = Annotated[str, Field(min_length=1, max_length=1500, pattern=BASE64URL)]


class KeyBody(Body):
    """A public key of a back end, as a JWK (RFC 7517): RSA of 2048 bits or more, or EC P-384."""

    kty: KeyType
    """The family of the key."""
    kid: Annotated[Line, Field(description="The key's id in the header of its tokens.")]
    use: Literal["sig"] | None = None
    """`sig`: the key signs; null says the same."""
    alg: KeyAlgorithm | None = None
    """The one algorithm that it is for; null leaves it to the key's family."""
    key_ops: Annotated[list[Literal["verify"]] | None, Field(max_length=1)] = None
    """`verify` only; null says the same."""
    n: Number | None = None
    """RSA: the modulus in base64url; null for EC."""
    e: Number | None = None
    """RSA: the public exponent in base64url; null for EC."""
    crv: Literal["P-384"] | None = None
    """EC: the curve; null for RSA."""
    x: Number | None = None
    """EC: the first coordinate in base64url; null for RSA."""
    y: Number | None = None
    """EC: the second coordinate in base64url; null for RSA."""

    @model_validator(mode="after")
    def _usable(self) -> Self:
        try:
            members = self.model_dump(exclude_none=True)
            public_key(members, "RS384" if self.kty == "RSA" else "ES384")
        except Untrusted:
            raise RuleBroken("no_key", "This key can't verify RS384 or ES384 signatures.") from None
        return self


class KeySetBody(Body):
    """The public keys of a back end, as a JWK set: two while one replaces the other."""

    keys: Annotated[list[KeyBody], Field(min_length=1, max_length=KEYS_MAX)]
    """Each key has a `kid` of its own."""

    @model_validator(mode="after")
    def _has_distinct_kids(self) -> Self:
        check_distinct([key.kid for key in self.keys])
        return self


def _reachable(url: str) -> str:
    check_address(url)
    return url


class ClientBody(Body):
    """A new client: one with an API key, or a back end that signs its token requests."""

    model_config = example(name="Front desk", scopes=["patients:read", "patients:write"])

    name: Line
    """What to call it in the ledger, so that people know it."""
    kind: ClientKind = "api_key"
    """Whether it sends an API key or signs its token requests."""
    scopes: Scopes
    expires_at: Annotated[
        Moment | None,
        Field(
            description="Its expiry, which can't be later than that of the client that makes it;"
            " null: as late as possible."
        ),
    ] = None
    jwks: Annotated[KeySetBody | None, Field(description="A back end's public keys.")] = None
    jwks_url: Annotated[
        str | None,
        Field(max_length=500, description="Or the `https` URL where it publishes them."),
        AfterValidator(lambda url: None if url is None else _reachable(url)),
    ] = None

    @model_validator(mode="after")
    def _has_its_key_source(self) -> Self:
        given = [self.jwks, self.jwks_url].count(None)
        if self.kind == "backend" and given != 1:
            raise RuleBroken("one_key_source", "A back end needs jwks or jwks_url, not both.")
        if self.kind == "api_key" and given != 2:  # noqa: PLR2004 - neither of the two
            raise RuleBroken("no_key_source", "Only a back end can have jwks or jwks_url.")
        return self


class _Client(ClientMembers):
    made_by: Annotated[
        UUID | None,
        Field(description="The client that made it, and with which it ends; null: command line."),
    ]
    earlier_key_until: Annotated[
        datetime | None,
        Field(description="Until when the API key from before the last rotation works, too."),
    ]


class ClientView(_Client, closed=True):
    """A client."""


class NewClientView(_Client, closed=True):
    """A client with its new API key, which is shown only here; a back end has none."""

    api_key: str | None
    """The secret, shown this once; null for a back end."""


class RevokedClientView(_Client, closed=True):
    """A client that was revoked."""

    descendants: Annotated[list[DescendantView], Field(description=DESCENDANTS)]


class RotationBody(Body):
    """A new API key for a client."""

    model_config = example(overlap_hours=OVERLAP_HOURS)

    overlap_hours: Annotated[
        int,
        Field(ge=0, le=OVERLAP_HOURS_MAX, description="How long the present key still works."),
    ] = OVERLAP_HOURS
