"""Indexes of measurements and adverse events by session and episode in the order of their lists.

Revision 0026, after 0025. Without statistics, SQLite prefers an index in that order, and that was
the index of the whole clinic.
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TIMES = {"measurements": "taken", "adverse_events": "occurred"}
NAMED = ("session", "episode")
PAIRS = [(table, named) for table in TIMES for named in NAMED]


def upgrade() -> None:
    for table, named in PAIRS:
        time = TIMES[table]
        columns = ["clinic_id", f"{named}_id", f"{time}_at", "id"]
        op.create_index(f"ix_{table}_{named}_{time}", table, columns)
    # These lock the tables, but only for a moment, when all is built.
    for table, named in PAIRS:
        drop = f"DROP INDEX ix_{table}_{named}"
        op.execute(f"-- squawk-ignore require-concurrent-index-deletion\n{drop}")


def downgrade() -> None:
    for table, named in PAIRS:
        op.create_index(f"ix_{table}_{named}", table, ["clinic_id", f"{named}_id"])
        op.drop_index(f"ix_{table}_{named}_{TIMES[table]}", table)
