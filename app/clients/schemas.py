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
KeyAlgorithm = TypeAliasType("KeyAlgorithm", Literal["RS384", "ES384"])
KEYS_MAX = 10
OVERLAP_HOURS = 24
OVERLAP_HOURS_MAX = 168
BASE64URL = r"^[A-Za-z0-9_-]+$"


Number = Annotated[str, Field(min_length=1, max_length=1500, pattern=BASE64URL)]


class KeyBody(Body):
    """A public key of a back end, as a JWK (RFC 7517): RSA of 2048 bits or more, or EC P-384."""

    kty: KeyType
    kid: Annotated[Line, Field(description="The key's id in the header of its tokens.")]
    use: Literal["sig"] | None = None
    alg: KeyAlgorithm | None = None
    key_ops: Annotated[list[Literal["verify"]] | None, Field(max_length=1)] = None
    n: Number | None = None
    e: Number | None = None
    crv: Literal["P-384"] | None = None
    x: Number | None = None
    y: Number | None = None

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
    kind: ClientKind = "api_key"
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
