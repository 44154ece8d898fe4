"""A clinic's own thresholds.

Revision 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
# On a connection that was in a clinic before, the setting is '' and not null.
CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "thresholds",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("instrument", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=True),
        sa.Column("population", sa.String(length=200), nullable=True),
        sa.Column("mdc", sa.Float(precision=53), nullable=True),
        sa.Column("mdc_level", sa.SmallInteger(), nullable=True),
        sa.Column("mcid", sa.Float(precision=53), nullable=True),
        sa.Column("mcid_percent", sa.Float(precision=53), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("created_from", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("\"status\" IN ('active', 'inactive')", name="status_known"),
        sa.PrimaryKeyConstraint("clinic_id", "id"),
    )
    op.create_index("ix_thresholds_instrument", "thresholds", ["clinic_id", "instrument", "id"])
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE thresholds ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_clinic ON thresholds USING (clinic_id = {CLINIC})")


def downgrade() -> None:
    op.drop_table("thresholds")
