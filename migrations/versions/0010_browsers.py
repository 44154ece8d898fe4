"""Browsers that are signed in at the console.

Revision 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
TABLE = "browser_tokens"
CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "client_id"],
            ["clients.clinic_id", "clients.id"],
            name="fk_browser_tokens_clinic_id_client_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "client_id", "digest", name="pk_browser_tokens"),
    )
    op.create_index("ix_browser_tokens_used_at", TABLE, ["clinic_id", "used_at"])
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_clinic ON {TABLE} USING (clinic_id = {CLINIC})")


def downgrade() -> None:
    op.drop_table(TABLE)
