"""Who is told of alerts, what is to be told, and the messages.

Revision 0023, after 0022.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
SETTINGS = ("address", "phone", "emergency_number", "hours", "alert_recipients")
LISTS = ("hours", "alert_recipients")


def upgrade() -> None:
    op.add_column("clinics", sa.Column("address", sa.Text(), nullable=True))
    op.add_column("clinics", sa.Column("phone", sa.String(length=50), nullable=True))
    op.add_column("clinics", sa.Column("emergency_number", sa.String(length=50), nullable=True))
    for name in LISTS:
        op.add_column("clinics", sa.Column(name, JSON, server_default="[]", nullable=False))
    create_outbox()
    create_deliveries()
    if op.get_context().dialect.name == "postgresql":
        for table in ("outbox", "deliveries"):
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own_clinic ON {table} USING (clinic_id = {CLINIC})")
        # The courier looks for what is due before it knows the clinic. No row names a patient.
        op.execute(f"CREATE POLICY no_clinic ON outbox FOR SELECT USING ({CLINIC} IS NULL)")


def downgrade() -> None:
    op.drop_table("deliveries")
    op.drop_table("outbox")
    for name in SETTINGS:
        op.drop_column("clinics", name)


def create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("raised_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("claimed_until", INSTANT, nullable=True),
        sa.Column("told_at", INSTANT, nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("tried", JSON, nullable=False),
        sa.Column("missed", JSON, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.CheckConstraint("\"status\" IN ('waiting', 'settled')", name="status_known"),
        sa.CheckConstraint("round > 0", name="round_positive"),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_outbox_clinic_id"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_outbox"),
        sa.UniqueConstraint(
            "clinic_id",
            "resource",
            "resource_id",
            name="uq_outbox_clinic_id_resource_resource_id",
        ),
    )
    waiting = sa.text("status = 'waiting'")
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["clinic_id", "due_at"],
        postgresql_where=waiting,
        sqlite_where=waiting,
    )


def create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("first_at", INSTANT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint("\"channel\" IN ('email', 'post')", name="channel_known"),
        sa.CheckConstraint("\"status\" IN ('sent', 'failed')", name="status_known"),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_deliveries_clinic_id"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_deliveries"),
    )
    columns = ["clinic_id", "resource_id", "first_at", "id"]
    op.create_index("ix_deliveries_resource", "deliveries", columns)
