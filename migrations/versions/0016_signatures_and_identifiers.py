"""Overrides and warnings of a signature, and identifiers of sessions and episodes.

Revision 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
HOLDERS = {"session": "sessions", "episode": "episodes"}
ADDED = ("overrides", "warnings")


def upgrade() -> None:
    for name in ADDED:
        op.add_column("sessions", sa.Column(name, JSON, server_default="[]", nullable=False))
    for singular, holders in HOLDERS.items():
        create_identifiers(f"{singular}_identifiers", holders)


def downgrade() -> None:
    for singular in HOLDERS:
        op.drop_table(f"{singular}_identifiers")
    for name in ADDED:
        op.drop_column("sessions", name)


def create_identifiers(table: str, holders: str) -> None:
    op.create_table(
        table,
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.String(length=200), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "owner_id"],
            [f"{holders}.clinic_id", f"{holders}.id"],
            name=f"fk_{table}_clinic_id_owner_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "system", "value", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_owner", table, ["clinic_id", "owner_id"])
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_clinic ON {table} USING (clinic_id = {CLINIC})")
