"""Clients: who may call, how each of them proves who it is, and what it was given for that."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.tables import ClinicOwned, one_of

Kind = Literal["api_key", "backend", "device", "identity", "owner"]


class Client(ClinicOwned):
    """A program that may call, its scopes, and what its proof is checked against.

    With an API key that is the digest of the key's secret; of a back end, its public keys. A
    device has a row of its own, among `devices`, and so have an identity and an owner.
    """

    __tablename__ = "clients"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"]),
        one_of("kind", Kind),
    )

    # A token is looked up before its clinic is known, hence an index of its own.
    id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    name: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[list[Any]]
    secret_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    kind: Mapped[str] = mapped_column(String(16), server_default="api_key")
    jwks: Mapped[dict[str, Any] | None]
    """A back end's public keys, as a JWK set (RFC 7517 §5)."""
    jwks_url: Mapped[str | None] = mapped_column(String(500))
    """Or where it publishes them."""


class AccessToken(ClinicOwned):
    """A token that was given to a client for a few minutes. Only its secret's digest is kept."""

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
    """Who acts by it; None where it is a program that acts."""
    expires_at: Mapped[datetime]


class UsedAssertion(ClinicOwned):
    """An assertion that was good once, and must not be again while it lasts (RFC 7523 §3)."""

    __tablename__ = "used_assertions"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "client_id"], ["clients.clinic_id", "clients.id"]),
        Index("ix_used_assertions_expires_at", "clinic_id", "expires_at"),
    )

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    jti_digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    expires_at: Mapped[datetime]


class Device(ClinicOwned):
    """A practitioner's tablet: a client that was let in by a code, once."""

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
    """When the code was used: it is good once."""


class Owner(ClinicOwned):
    """The one who signs in with a password. There is one in a database, and on SQLite alone."""

    __tablename__ = "owners"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "client_id"], ["clients.clinic_id", "clients.id"]),
    )

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    """Argon2id, with its salt and its costs in it (PHC string)."""


class RefreshToken(ClinicOwned):
    """What a client gets its next access token with. A used one is kept to know it again."""

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
    """What the browser holds of somebody who is signed in at the console."""

    __tablename__ = "browser_tokens"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "client_id"], ["clients.clinic_id", "clients.id"]),
        Index("ix_browser_tokens_used_at", "clinic_id", "used_at"),
    )

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    began_at: Mapped[datetime]
    used_at: Mapped[datetime]
    """When it was used last, give or take a minute."""


class Emergency(ClinicOwned):
    """A time for which a practitioner may read all that is clinical, and why."""

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
    """When it ends by itself."""
    ended_at: Mapped[datetime | None]
    """When somebody ended it before that."""


class Identity(ClinicOwned):
    """A practitioner as the identity provider knows him. The client's id is made of that."""

    __tablename__ = "identities"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "client_id"], ["clients.clinic_id", "clients.id"]),
        ForeignKeyConstraint(
            ["clinic_id", "practitioner_id"], ["practitioners.clinic_id", "practitioners.id"]
        ),
    )

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    practitioner_id: Mapped[UUID]
