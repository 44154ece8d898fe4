"""What the check of the rows against the ledger remembers, and what limits authority.

Revision 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
TABLES = ("state_walks", "state_differences")
# One statement for column and check: SQLite would rebuild the table for a later check.
ADD_WHOSE_SESSIONS = (
    "ALTER TABLE clinics ADD COLUMN whose_sessions VARCHAR(8) DEFAULT 'own' NOT NULL"
    " CONSTRAINT ck_clinics_whose_sessions_known CHECK (\"whose_sessions\" IN ('own', 'any'))"
)


def upgrade() -> None:
    create_state_walks()
    create_state_differences()
    if op.get_context().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own_clinic ON {table} USING (clinic_id = {CLINIC})")
    op.execute(ADD_WHOSE_SESSIONS)
    op.add_column("clinics", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("practitioners", sa.Column("inactive_from", sa.Date(), nullable=True))
    for column in client_columns():
        op.add_column("clients", column)
    for column in owner_columns():
        op.add_column("owners", column)


def downgrade() -> None:
    for column in owner_columns():
        op.drop_column("owners", column.name)
    for column in client_columns():
        op.drop_column("clients", column.name)
    op.drop_column("practitioners", "inactive_from")
    op.drop_column("clinics", "version")
    op.drop_column("clinics", "whose_sessions")
    op.drop_table("state_differences")
    op.drop_table("state_walks")


def client_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("earlier_secret_digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("earlier_secret_until", INSTANT, nullable=True),
    ]


def owner_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("totp_secret", sa.String(length=64), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
    ]


def create_state_walks() -> None:
    op.create_table(
        "state_walks",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("after_id", sa.Uuid(), nullable=True),
        sa.Column("after_number", sa.BigInteger(), nullable=False),
        sa.Column("things", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("moved_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_state_walks_clinic_id"
        ),
        sa.PrimaryKeyConstraint("clinic_id", name="pk_state_walks"),
    )


def create_state_differences() -> None:
    op.create_table(
        "state_differences",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("found", sa.String(length=500), nullable=False),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_state_differences_clinic_id"
        ),
        sa.PrimaryKeyConstraint(
            "clinic_id", "resource", "resource_id", name="pk_state_differences"
        ),
    )
