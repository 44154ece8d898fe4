"""The ledger's tables: counter, entries, tiles and checkpoints."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column
from typing_extensions import TypeAliasType

from app.core.db.tables import APPEND_ONLY, ClinicOwned, one_of

EntryKind = TypeAliasType("EntryKind", Literal["change", "access", "security"])
"""`change`: a record changed. `access`: data were read. `security`: keys, sign-ins and denied
attempts."""


class LedgerHead(ClinicOwned):
    """How many entries a clinic's ledger has. The lock on this row orders the clinic's writes."""

    __tablename__ = "ledger_heads"
    __table_args__ = (ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"]),)

    size: Mapped[int] = mapped_column(BigInteger)


class LedgerEntry(ClinicOwned):
    """One change, access or security event; a change has the record after it as its body."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint("number > 0", name="number_positive"),
        one_of("kind", EntryKind),
        Index("ix_ledger_entries_version", "clinic_id", "resource_id", "version"),
        Index("ix_ledger_entries_patient_id", "clinic_id", "patient_id", "number"),
        # Partial indexes: few entries of very many have a body, and fewer are security events.
        Index(
            "ix_ledger_entries_stated",
            "clinic_id",
            "resource_id",
            "number",
            postgresql_where=text("body_digest IS NOT NULL"),
            sqlite_where=text("body_digest IS NOT NULL"),
        ),
        Index(
            "ix_ledger_entries_security",
            "clinic_id",
            "number",
            postgresql_where=text("kind = 'security'"),
            sqlite_where=text("kind = 'security'"),
        ),
        APPEND_ONLY,
    )

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(8))
    operation: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(100))
    client: Mapped[UUID | None]
    request_id: Mapped[str] = mapped_column(String(128))
    resource: Mapped[str] = mapped_column(String(32))
    resource_id: Mapped[UUID]
    patient_id: Mapped[UUID | None]
    version: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)
    """Canonical JSON, exactly the bytes that `body_digest` covers. Null after an erasure, and if
    there never was a body."""
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    body_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Null if there never was a body."""
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))


class LedgerTile(ClinicOwned):
    """256 neighbouring hashes of one level of a clinic's tree. A tile never changes.

    Level 0 holds the leaves, level 1 the hashes of the complete tiles of level 0, and so on.
    """

    __tablename__ = "ledger_tiles"
    __table_args__ = (ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"]), APPEND_ONLY)

    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary(8192))
    over_all: Mapped[bytes] = mapped_column(LargeBinary(32))
    """The root over these hashes, which is part of a tile on the next level."""


class LedgerCheckpoint(ClinicOwned):
    """A published signed checkpoint: the ledger's size and root at one time."""

    __tablename__ = "ledger_checkpoints"
    __table_args__ = (ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"]), APPEND_ONLY)

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text)
