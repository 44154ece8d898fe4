"""The links by which patients answer, and who answered.

Revision 0028, after 0027.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
REPORTERS = "\"reported_by\" IN ('patient', 'for_patient')"
CHECK = "ck_follow_ups_reported_by_known"


def upgrade() -> None:
    # Not `op.add_column`: with its check in the same statement, SQLite need not copy the table.
    column = f"reported_by VARCHAR(16) CONSTRAINT {CHECK} CHECK ({REPORTERS})"
    ignored = "-- squawk-ignore constraint-missing-not-valid"
    op.execute(f"{ignored}\nALTER TABLE follow_ups ADD COLUMN {column}")
    create_links()
    create_answers()
    if op.get_context().dialect.name == "postgresql":
        for table in ("ask_links", "ask_answers"):
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own_clinic ON {table} USING (clinic_id = {CLINIC})")
        # A token is looked up before its clinic is known. No row names a patient.
        op.execute(f"CREATE POLICY no_clinic ON ask_links FOR SELECT USING ({CLINIC} IS NULL)")


def downgrade() -> None:
    op.drop_table("ask_answers")
    op.drop_table("ask_links")
    op.drop_column("follow_ups", "reported_by")


def create_links() -> None:
    op.create_table(
        "ask_links",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ask_id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        of_ask("ask_links"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_ask_links"),
    )
    op.create_index("ix_ask_links_digest", "ask_links", ["digest"])
    op.create_index("ix_ask_links_ask", "ask_links", ["clinic_id", "ask_id"])
    op.create_index("ix_ask_links_ends", "ask_links", ["clinic_id", "ends_at"])


def create_answers() -> None:
    op.create_table(
        "ask_answers",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("ask_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("follow_up_id", sa.Uuid(), nullable=False),
        sa.Column("answered_at", INSTANT, nullable=False),
        of_ask("ask_answers"),
        sa.PrimaryKeyConstraint("clinic_id", "ask_id", "digest", name="pk_ask_answers"),
    )


def of_ask(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["clinic_id", "ask_id"],
        ["asks.clinic_id", "asks.id"],
        name=f"fk_{table}_clinic_id_ask_id",
        ondelete="CASCADE",
    )
