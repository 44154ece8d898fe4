"""A clinic has a time zone, and a practitioner may have one name, a birth date one part.

Revision 0014, after 0013.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIRTH_DATE = sa.String(length=10)
NAMES = ("given_name", "family_name")
STATUS = "\"status\" IN ('active', 'inactive')"
KEEP = "CREATE TEMPORARY TABLE kept_practitioners AS SELECT * FROM practitioners"
GIVE_BACK = "INSERT INTO practitioners SELECT * FROM kept_practitioners"
NAMED = "UPDATE practitioners SET {name} = '-' WHERE {name} IS NULL"


def upgrade() -> None:
    zone = sa.Column("time_zone", sa.String(length=64), server_default="UTC", nullable=False)
    op.add_column("clinics", zone)
    names_may_be_null(null=True)
    change_birth_dates(BIRTH_DATE, "to_char(birth_date, 'YYYY-MM-DD')", "birth_date")


def downgrade() -> None:
    for name in NAMES:
        op.execute(NAMED.format(name=name))
    names_may_be_null(null=False)
    # An earlier program knows only whole dates: the first day stands for what is known in part.
    whole = "substr(birth_date || '-01-01', 1, 10)"
    change_birth_dates(sa.Date(), f"({whole})::date", whole)
    op.drop_column("clinics", "time_zone")


def change_birth_dates(type_: sa.types.TypeEngine[Any], postgresql: str, sqlite: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        written = type_.compile(dialect=op.get_context().dialect)
        collated = ' COLLATE "C"' if type_ is BIRTH_DATE else ""
        # It rewrites a table of at most some hundred thousand short rows.
        op.execute(
            "-- squawk-ignore changing-column-type\nALTER TABLE patients ALTER COLUMN birth_date"
            f" TYPE {written}{collated} USING {postgresql}"
        )
        return
    op.add_column("patients", sa.Column("changed_birth_date", type_, nullable=True))
    op.execute(f"UPDATE patients SET changed_birth_date = {sqlite}")  # noqa: S608 - a text of this file
    op.drop_index("ix_patients_birth_date", "patients")
    op.drop_column("patients", "birth_date")
    op.execute("ALTER TABLE patients RENAME COLUMN changed_birth_date TO birth_date")
    op.create_index("ix_patients_birth_date", "patients", ["clinic_id", "birth_date"])


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
