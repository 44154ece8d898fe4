"""A search finds a patient by any part of their names, and by identifiers however they are typed.

Revision 0019, after 0018.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from app.core.db.schema import each_clinic
from app.patients.rules.names import code_word, words

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
# Compared byte by byte on each database.
WORD = sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql")
FOLDED = sa.String(length=400).with_variant(sa.String(length=400, collation="C"), "postgresql")
NAMES = ("family_name", "given_name")
PATIENTS = sa.table(
    "patients",
    sa.column("clinic_id", sa.Uuid()),
    sa.column("id", sa.Uuid()),
    *(sa.column(name, sa.String()) for name in NAMES),
    *(sa.column(f"{name}_folded", FOLDED) for name in NAMES),
)
IDENTIFIERS = sa.table(
    "patient_identifiers",
    sa.column("clinic_id", sa.Uuid()),
    sa.column("owner_id", sa.Uuid()),
    sa.column("value", sa.String()),
    sa.column("position", sa.Integer()),
)
WORDS = sa.table(
    "patient_words",
    sa.column("clinic_id", sa.Uuid()),
    sa.column("patient_id", sa.Uuid()),
    sa.column("position", sa.Integer()),
    sa.column("field", sa.String()),
    sa.column("word", WORD),
)
AT_ONCE = 1_000


def upgrade() -> None:
    create_words()
    if not op.get_context().as_sql:  # a script has no rows to fill
        fill(op.get_bind())
    op.create_index(
        "ix_patient_words_word", "patient_words", ["clinic_id", "field", "word", "patient_id"]
    )
    for name in NAMES:
        # CONCURRENTLY would need a migration outside of a transaction. The lock is short: see env.py.
        op.execute(
            f"-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX ix_patients_{name}"
        )
        # Only this program reads the column, and it derives the new words from the names.
        op.execute(
            f"-- squawk-ignore ban-drop-column\nALTER TABLE patients DROP COLUMN {name}_folded"
        )


def downgrade() -> None:
    for name in NAMES:
        op.add_column("patients", sa.Column(f"{name}_folded", FOLDED, nullable=True))
    if not op.get_context().as_sql:
        fold(op.get_bind())
    for name in NAMES:
        op.create_index(f"ix_patients_{name}", "patients", ["clinic_id", f"{name}_folded"])
    op.drop_table("patient_words")


def create_words() -> None:
    op.create_table(
        "patient_words",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=16), nullable=False),
        sa.Column("word", WORD, nullable=False),
        sa.CheckConstraint("\"field\" IN ('name', 'identifier')", name="field_known"),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name="fk_patient_words_clinic_id_patient_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "patient_id", "position"),
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE patient_words ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_clinic ON patient_words USING (clinic_id = {CLINIC})")


def fill(db: sa.Connection) -> None:
    for clinic_id in each_clinic(db):
        for people in parts(db, clinic_id):
            found = [row for person in people for row in of_patient(db, clinic_id, person)]
            if found:
                db.execute(sa.insert(WORDS), found)


def fold(db: sa.Connection) -> None:
    """Give an earlier program the columns by which it finds names. They have at most 400 letters."""
    for clinic_id in each_clinic(db):
        for people in parts(db, clinic_id):
            for person in people:
                whole = {f"{name}_folded": folded(getattr(person, name)) for name in NAMES}
                own = sa.and_(PATIENTS.c.clinic_id == clinic_id, PATIENTS.c.id == person.id)
                db.execute(sa.update(PATIENTS).where(own).values(whole))


def folded(name: str | None) -> str | None:
    return None if name is None else next(iter(words([name])), "")


def parts(db: sa.Connection, clinic_id: UUID) -> Iterator[Any]:
    """Yield the clinic's patients, some at a time."""
    statement = (
        sa.select(PATIENTS.c.id, PATIENTS.c.given_name, PATIENTS.c.family_name)
        .where(PATIENTS.c.clinic_id == clinic_id)
        .order_by(PATIENTS.c.id)
        .limit(AT_ONCE)
    )
    people = db.execute(statement).all()
    while people:
        yield people
        people = db.execute(statement.where(PATIENTS.c.id > people[-1].id)).all()


def of_patient(db: sa.Connection, clinic_id: UUID, person: Any) -> Iterator[dict[str, Any]]:
    """Yield the words of a patient, as the program does for a new one."""
    values = (
        sa.select(IDENTIFIERS.c.value)
        .where(IDENTIFIERS.c.clinic_id == clinic_id, IDENTIFIERS.c.owner_id == person.id)
        .order_by(IDENTIFIERS.c.position)
    )
    found = [("name", word) for word in words([person.given_name, person.family_name])]
    found += [("identifier", code_word(value)) for value in db.execute(values).scalars()]
    for position, (field, word) in enumerate(found):
        yield {
            "clinic_id": clinic_id,
            "patient_id": person.id,
            "position": position,
            "field": field,
            "word": word,
        }
