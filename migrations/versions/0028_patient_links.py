"""The links by which patients answer, and who answered.

Revision 0028, after 0027.
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

REPORTERS = "\"reported_by\" IN ('patient', 'for_patient')"
CHECK = "ck_follow_ups_reported_by_known"


def upgrade() -> None:
    # Not `op.add_column`: with its check in the same statement, SQLite need not copy the table.
    column = f"reported_by VARCHAR(16) CONSTRAINT {CHECK} CHECK ({REPORTERS})"
    ignored = "-- squawk-ignore constraint-missing-not-valid"
    op.execute(f"{ignored}\nALTER TABLE follow_ups ADD COLUMN {column}")


def downgrade() -> None:
    op.drop_column("follow_ups", "reported_by")
