"""Clients of several kinds, and tokens.

Revision 0006, after 0005.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
# Deletes the stored answers of clients of the new kinds.
FORGET_ANSWERS = """
DELETE FROM stored_answers AS answer WHERE EXISTS (
  SELECT 1 FROM clients AS client
  WHERE client.clinic_id = answer.clinic_id AND client.id = answer.client_id
    AND client.secret_digest IS NULL
)
"""
KINDS = "\"kind\" IN ('api_key', 'backend', 'device', 'identity')"


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        _, *others = new_columns()
        # Column and check in one statement: scanning a table this small takes no time.
        op.execute(
            f"ALTER TABLE clients ADD COLUMN kind VARCHAR(16) DEFAULT 'api_key' NOT NULL CONSTRAINT ck_clients_kind_known CHECK ({KINDS})"
        )
        for column in others:
            op.add_column("clients", column)
        op.alter_column("clients", "secret_digest", nullable=True)
    else:
        keep_answers()
        with op.batch_alter_table("clients") as table:
            for column in new_columns():
                table.add_column(column)
            table.alter_column(
                "secret_digest", existing_type=sa.LargeBinary(length=32), nullable=True
            )
            table.create_check_constraint("kind_known", sa.text(KINDS))
        give_answers_back()
    create_access_tokens()
    create_used_assertions()
    create_devices()
    create_refresh_tokens()
    create_identities()


def downgrade() -> None:
    op.drop_table("identities")
    op.drop_table("refresh_tokens")
    op.drop_table("devices")
    op.drop_table("used_assertions")
    op.drop_table("access_tokens")
    # The earlier table can't hold clients of the new kinds.
    op.execute(FORGET_ANSWERS)
    op.execute("DELETE FROM clients WHERE secret_digest IS NULL")
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint("ck_clients_kind_known", "clients")
        for column in new_columns():
            op.drop_column("clients", column.name)
        op.alter_column("clients", "secret_digest", nullable=False)
    else:
        keep_answers()
        with op.batch_alter_table("clients") as table:
            table.drop_constraint("kind_known", type_="check")
            for column in new_columns():
                table.drop_column(column.name)
            table.alter_column(
                "secret_digest", existing_type=sa.LargeBinary(length=32), nullable=False
            )
        give_answers_back()


def new_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("kind", sa.String(length=16), server_default="api_key", nullable=False),
        sa.Column("jwks", JSON, nullable=True),
        sa.Column("jwks_url", sa.String(length=500), nullable=True),
    ]


def create_access_tokens() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "client_id"],
            ["clients.clinic_id", "clients.id"],
            name="fk_access_tokens_clinic_id_client_id",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "practitioner_id"],
            ["practitioners.clinic_id", "practitioners.id"],
            name="fk_access_tokens_clinic_id_practitioner_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "client_id", "digest", name="pk_access_tokens"),
    )
    op.create_index("ix_access_tokens_expires_at", "access_tokens", ["clinic_id", "expires_at"])


def create_used_assertions() -> None:
    op.create_table(
        "used_assertions",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("jti_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "client_id"],
            ["clients.clinic_id", "clients.id"],
            name="fk_used_assertions_clinic_id_client_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "client_id", "jti_digest", name="pk_used_assertions"),
    )
    op.create_index("ix_used_assertions_expires_at", "used_assertions", ["clinic_id", "expires_at"])


def create_devices() -> None:
    op.create_table(
        "devices",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("code_expires_at", INSTANT, nullable=False),
        sa.Column("enrolled_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "client_id"],
            ["clients.clinic_id", "clients.id"],
            name="fk_devices_clinic_id_client_id",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "practitioner_id"],
            ["practitioners.clinic_id", "practitioners.id"],
            name="fk_devices_clinic_id_practitioner_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "client_id", name="pk_devices"),
    )


def create_refresh_tokens() -> None:
    op.create_table(
        "refresh_tokens",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "client_id"],
            ["devices.clinic_id", "devices.client_id"],
            name="fk_refresh_tokens_clinic_id_client_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "client_id", "digest", name="pk_refresh_tokens"),
    )
    op.create_index(
        "ix_refresh_tokens_used_at", "refresh_tokens", ["clinic_id", "client_id", "used_at"]
    )
    op.create_index("ix_refresh_tokens_expires_at", "refresh_tokens", ["clinic_id", "expires_at"])


def create_identities() -> None:
    op.create_table(
        "identities",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "client_id"],
            ["clients.clinic_id", "clients.id"],
            name="fk_identities_clinic_id_client_id",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "practitioner_id"],
            ["practitioners.clinic_id", "practitioners.id"],
            name="fk_identities_clinic_id_practitioner_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "client_id", name="pk_identities"),
    )


def keep_answers() -> None:
    """Save the rows that refer to the table, because SQLite recreates a table to change it."""
    op.execute("CREATE TEMPORARY TABLE answers_kept AS SELECT * FROM stored_answers")
    op.execute("DELETE FROM stored_answers")


def give_answers_back() -> None:
    op.execute("INSERT INTO stored_answers SELECT * FROM answers_kept")
    op.execute("DROP TABLE answers_kept")
