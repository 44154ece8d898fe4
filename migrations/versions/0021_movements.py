"""The movement of a measured range of motion, and the vocabulary of movements.

Revision 0021, after 0020. What was stored without a movement stays as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

READINGS = ("measurements", "session_measurements")
BEFORE = ("regions", "event_kinds", "contraindications", "co_interventions", "aftercare")
AFTER = ("regions", "movements", *BEFORE[1:])
KEPT = {"severity": "'mild', 'significant', 'serious'", "status": "'active', 'inactive'"}
# Checks that SQLite loses when it recreates the table.
OWN = "SELECT id FROM terms WHERE vocabulary = 'movements'"


def upgrade() -> None:
    for table in READINGS:
        op.add_column(table, sa.Column("movement", sa.String(length=64), nullable=True))
    know(AFTER)


def downgrade() -> None:
    # The ledger keeps the own rows, which an earlier program can't hold.
    op.execute(f"DELETE FROM term_words WHERE term_id IN ({OWN})")  # noqa: S608 - our own words
    op.execute("DELETE FROM terms WHERE vocabulary = 'movements'")
    know(BEFORE)
    for table in READINGS:
        op.drop_column(table, "movement")


def know(words: tuple[str, ...]) -> None:
    """Let the table of own rows hold these vocabularies. Few clinics have many own rows."""
    listed = ", ".join(f"'{word}'" for word in words)
    check = f'"vocabulary" IN ({listed})'
    if op.get_context().dialect.name == "postgresql":
        at, name = "ALTER TABLE terms", "ck_terms_vocabulary_known"
        op.execute(f"-- squawk-ignore ban-drop-constraint\n{at} DROP CONSTRAINT {name}")
        op.execute(f"{at} ADD CONSTRAINT {name} CHECK ({check}) NOT VALID")
        validate = f"{at} VALIDATE CONSTRAINT {name}"
        op.execute(f"-- squawk-ignore constraint-missing-not-valid\n{validate}")
        return
    # SQLite recreates a table to change it, so the rows that refer to it are saved first.
    op.execute("CREATE TEMPORARY TABLE kept_words AS SELECT * FROM term_words")
    op.execute("DELETE FROM term_words")
    with op.batch_alter_table("terms") as batch:
        batch.create_check_constraint("vocabulary_known", sa.text(check))
        for column, known in KEPT.items():
            batch.create_check_constraint(f"{column}_known", sa.text(f'"{column}" IN ({known})'))
    op.execute("INSERT INTO term_words SELECT * FROM kept_words")
    op.execute("DROP TABLE kept_words")
