"""A clinic has a time zone, and a practitioner may have one name.

Revision 0015, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None

NAMES = ("given_name", "family_name")
STATUS = "\"status\" IN ('active', 'inactive')"
KEEP = "CREATE TEMPORARY TABLE kept_practitioners AS SELECT * FROM practitioners"
GIVE_BACK = "INSERT INTO practitioners SELECT * FROM kept_practitioners"
NAMED = "UPDATE practitioners SET {name} = '-' WHERE {name} IS NULL"


def upgrade() -> None:
    zone = sa.Column("time_zone", sa.String(length=64), server_default="UTC", nullable=False)
    op.add_column("clinics", zone)
    names_may_be_null(null=True)


def downgrade() -> None:
    for name in NAMES:
        op.execute(NAMED.format(name=name))
    names_may_be_null(null=False)
    op.drop_column("clinics", "time_zone")


def names_may_be_null(*, null: bool) -> None:
    if op.get_context().dialect.name == "postgresql":
        for name in NAMES:
            op.alter_column("practitioners", name, nullable=null)
        return
    # SQLite recreates a table to change it. What refers to its rows is checked at the commit.
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute(KEEP)
    op.execute("DELETE FROM practitioners")
    with op.batch_alter_table("practitioners") as batch:
        for name in NAMES:
            batch.alter_column(name, existing_type=sa.String(length=200), nullable=null)
        batch.create_check_constraint("status_known", sa.text(STATUS))
    op.execute(GIVE_BACK)
    op.execute("DROP TABLE kept_practitioners")
