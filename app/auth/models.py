"""Clients that may call, their credentials, and the tokens that were issued to them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column
from typing_extensions import TypeAliasType

from app.core.db.tables import ClinicOwned, one_of
from app.core.values.access import Role

Kind = TypeAliasType("Kind", Literal["api_key", "backend", "device", "identity", "account"])
"""What holds a token: a program, a device, an identity of a provider or a person's account."""


class Client(ClinicOwned):
    """A program or person that may call, with its scopes and how it proves who it is.

    A client with an API key has the digest of the key's secret, and a back end its public keys.
    A device, an identity and an account each have one more row, in a table of their own.
    """

    __tablename__ = "clients"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"]),
        one_of("kind", Kind),
        one_of("role", Role),
    )

    # A token is looked up before its clinic is known, so `id` needs its own index.
    id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    name: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[list[Any]]
    """Its rights; not those of an account, which its role decides."""
    secret_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    kind: Mapped[str] = mapped_column(String(16), server_default="api_key")
    jwks: Mapped[dict[str, Any] | None]
    """A back end's public keys, as a JWK set (RFC 7517 §5)."""
    jwks_url: Mapped[str | None] = mapped_column(String(500))
    """The URL where a back end publishes its public keys, instead of `jwks`."""
    made_by: Mapped[UUID | None]
    """The client that made this one; None for the command line. This client never outlives or
    outreaches it. Not a foreign key: SQLite would have to rebuild the table."""
    earlier_secret_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """The digest of the API key's earlier secret: it stays valid for a while after a rotation."""
    earlier_secret_until: Mapped[datetime | None]
    role: Mapped[str | None] = mapped_column(String(16))
    """The role of an account; None for programs, devices and identities."""
    last_used_at: Mapped[datetime | None]
    """When a token of it was accepted last, accurate to an hour; None: not since this is counted.
    Browsers have a time of their own."""


class AccessToken(ClinicOwned):
    """A token that was issued to a client for a few minutes. Only the secret's digest is stored."""

    __tablename__ = "access_tokens"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "client_id"], ["clients.clinic_id", "clients.id"]),
        ForeignKeyConstraint(
            ["clinic_id", "practitioner_id"], ["practitioners.clinic_id", "practitioners.id"]
        ),
        Index("ix_access_tokens_expires_at", "clinic_id", "expires_at"),
    )

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    scopes: Mapped[list[Any]]
    practitioner_id: Mapped[UUID | None]
    """The practitioner who acts with it; None if a program acts."""
    expires_at: Mapped[datetime]


class UsedAssertion(ClinicOwned):
    """An assertion that was used, and must not be accepted again until it expires (RFC 7523 §3)."""

    __tablename__ = "used_assertions"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "client_id"], ["clients.clinic_id", "clients.id"]),
        Index("ix_used_assertions_expires_at", "clinic_id", "expires_at"),
    )

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    jti_digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    expires_at: Mapped[datetime]


class Device(ClinicOwned):
    """A practitioner's tablet: a client that is enrolled once, with a code."""

    __tablename__ = "devices"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "client_id"], ["clients.clinic_id", "clients.id"]),
        ForeignKeyConstraint(
            ["clinic_id", "practitioner_id"], ["practitioners.clinic_id", "practitioners.id"]
        ),
    )

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    practitioner_id: Mapped[UUID]
    code_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    code_expires_at: Mapped[datetime]
    enrolled_at: Mapped[datetime | None]
    """When the code was used: it is valid once."""


class Account(ClinicOwned):
    """A person who signs in with a password: a practitioner, the owner, or other staff."""

    __tablename__ = "accounts"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "client_id"], ["clients.clinic_id", "clients.id"]),
        ForeignKeyConstraint(
            ["clinic_id", "practitioner_id"], ["practitioners.clinic_id", "practitioners.id"]
        ),
        UniqueConstraint("clinic_id", "name_key"),
    )

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    sign_in_name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str | None] = mapped_column(String(200))
    """The folded name, by which an account is found; None once it was revoked."""
    practitioner_id: Mapped[UUID | None]
    """The practitioner for whom it acts; None for other staff."""
    email: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    """Argon2id as a PHC string, which includes the salt and the costs; None before they join."""
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    """The secret of the second factor (RFC 6238), in base 32; None if there is no second factor."""
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    """The time step of the last code that was used: each code works once."""
    invitation_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """The SHA-256 of the invitation's secret; None once it was used."""
    invited_until: Mapped[datetime | None]
    joined_at: Mapped[datetime | None]
    """When they first chose a password."""
    last_sign_in_at: Mapped[datetime | None]
    version: Mapped[int]


class FormerOwner(ClinicOwned):
    """Where an owner's password was before accounts. It is empty.

    Processes of the version before still read it, so a later version drops it.
    """

    __tablename__ = "owners"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "client_id"], ["clients.clinic_id", "clients.id"]),
    )

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    totp_step: Mapped[int | None] = mapped_column(BigInteger)


class RefreshToken(ClinicOwned):
    """A token that a client exchanges for its next tokens. Used ones are kept to detect reuse."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "client_id"], ["clients.clinic_id", "clients.id"]),
        Index("ix_refresh_tokens_used_at", "clinic_id", "client_id", "used_at"),
        Index("ix_refresh_tokens_expires_at", "clinic_id", "expires_at"),
    )

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class BrowserToken(ClinicOwned):
    """The token of a browser that is signed in at the console."""

    __tablename__ = "browser_tokens"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "client_id"], ["clients.clinic_id", "clients.id"]),
        Index("ix_browser_tokens_used_at", "clinic_id", "used_at"),
    )

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    began_at: Mapped[datetime]
    used_at: Mapped[datetime]
    """When it was last used, accurate to a minute."""


class Emergency(ClinicOwned):
    """A period in which a practitioner may read all clinical data, with the reason."""

    __tablename__ = "emergencies"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "client_id"], ["clients.clinic_id", "clients.id"]),
        ForeignKeyConstraint(
            ["clinic_id", "practitioner_id"], ["practitioners.clinic_id", "practitioners.id"]
        ),
        Index("ix_emergencies_client_id_ends_at", "clinic_id", "client_id", "ends_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    practitioner_id: Mapped[UUID]
    reason: Mapped[str] = mapped_column(String(500))
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """When it ends unless somebody ends it earlier."""
    ended_at: Mapped[datetime | None]
    """When somebody ended it earlier."""


class Identity(ClinicOwned):
    """A practitioner who signs in with the identity provider. `identity_id` makes its client id."""

    __tablename__ = "identities"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "client_id"], ["clients.clinic_id", "clients.id"]),
        ForeignKeyConstraint(
            ["clinic_id", "practitioner_id"], ["practitioners.clinic_id", "practitioners.id"]
        ),
    )

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    practitioner_id: Mapped[UUID]
