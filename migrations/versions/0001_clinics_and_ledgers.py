"""Clinics, their clients and their ledgers.

Revision 0001, after nothing.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    create_clinics()
    create_clients()
    create_ledger_heads()
    create_ledger_entries()
    create_stored_answers()


def downgrade() -> None:
    op.drop_table("stored_answers")
    op.drop_table("ledger_entries")
    op.drop_table("ledger_heads")
    op.drop_table("clients")
    op.drop_table("clinics")


def create_clinics() -> None:
    op.create_table(
        "clinics",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", name="pk_clinics"),
    )


def create_clients() -> None:
    op.create_table(
        "clients",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("secret_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_clients_clinic_id"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_clients"),
    )
    op.create_index("ix_clients_id", "clients", ["id"])


def create_ledger_heads() -> None:
    op.create_table(
        "ledger_heads",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_ledger_heads_clinic_id"
        ),
        sa.PrimaryKeyConstraint("clinic_id", name="pk_ledger_heads"),
    )


def create_ledger_entries() -> None:
    op.create_table(
        "ledger_entries",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("client", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.String(length=128), nullable=False),
        sa.Column("resource", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=True),
        sa.Column("body_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("\"kind\" IN ('change', 'access', 'security')", name="kind_known"),
        sa.CheckConstraint("number > 0", name="number_positive"),
        sa.PrimaryKeyConstraint("clinic_id", "number", name="pk_ledger_entries"),
    )
    op.create_index(
        "ix_ledger_entries_version", "ledger_entries", ["clinic_id", "resource_id", "version"]
    )


def create_stored_answers() -> None:
    op.create_table(
        "stored_answers",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", JSON, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "client_id"],
            ["clients.clinic_id", "clients.id"],
            name="fk_stored_answers_clinic_id_client_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "client_id", "key", name="pk_stored_answers"),
    )
    op.create_index("ix_stored_answers_created_at", "stored_answers", ["created_at"])
