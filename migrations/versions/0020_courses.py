"""A clinic says how long a baseline may be, and an adverse event may name its episode.

Revision 0020, after 0019.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

KEY = "fk_adverse_events_clinic_id_episode_id"
INDEX = "ix_adverse_events_episode"


def upgrade() -> None:
    days = sa.Column("baseline_days", sa.Integer(), server_default="14", nullable=False)
    op.add_column("clinics", days)
    op.add_column("adverse_events", sa.Column("episode_id", sa.Uuid(), nullable=True))
    refer_to_episodes()
    op.create_index(INDEX, "adverse_events", ["clinic_id", "episode_id"])


def downgrade() -> None:
    op.drop_index(INDEX, "adverse_events")
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "-- squawk-ignore ban-drop-constraint\n"
            f"ALTER TABLE adverse_events DROP CONSTRAINT {KEY}"
        )
    else:
        with op.batch_alter_table("adverse_events") as batch:
            batch.drop_constraint(KEY, type_="foreignkey")
    op.drop_column("adverse_events", "episode_id")
    op.drop_column("clinics", "baseline_days")


def refer_to_episodes() -> None:
    if op.get_context().dialect.name == "postgresql":
        # It needs no validation: the column is new, and null in every row.
        op.execute(
            f"ALTER TABLE adverse_events ADD CONSTRAINT {KEY} FOREIGN KEY (clinic_id, episode_id)"
            " REFERENCES episodes (clinic_id, id) NOT VALID"
        )
        return
    # SQLite recreates a table to change it. No other table refers to this one.
    with op.batch_alter_table("adverse_events") as batch:
        batch.create_foreign_key(KEY, "episodes", ["clinic_id", "episode_id"], ["clinic_id", "id"])
