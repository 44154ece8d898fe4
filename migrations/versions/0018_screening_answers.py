"""Screenings are found by their answers.

Revision 0018, after 0017. The answers stay in the screening; these rows only find it, by the
code with which a question is compared.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.db.schema import each_clinic
from app.vocabularies.queries import compared_code

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
AT_ONCE = 1_000
SCREENINGS = sa.table(
    "screenings",
    sa.column("clinic_id", sa.Uuid()),
    sa.column("id", sa.Uuid()),
    sa.column("answers", JSON),
)
ANSWERS = sa.table(
    "screening_answers",
    sa.column("clinic_id", sa.Uuid()),
    sa.column("screening_id", sa.Uuid()),
    sa.column("position", sa.Integer()),
    sa.column("code", sa.String()),
    sa.column("answer", sa.String()),
)


def upgrade() -> None:
    op.create_table(
        "screening_answers",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("screening_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=False),
        sa.CheckConstraint("\"answer\" IN ('yes', 'no', 'unknown')", name="answer_known"),
        sa.ForeignKeyConstraint(
            ["clinic_id", "screening_id"],
            ["screenings.clinic_id", "screenings.id"],
            name="fk_screening_answers_clinic_id_screening_id",
        ),
        sa.PrimaryKeyConstraint(
            "clinic_id", "screening_id", "position", name="pk_screening_answers"
        ),
    )
    columns = ["clinic_id", "code", "answer", "screening_id"]
    op.create_index("ix_screening_answers_code", "screening_answers", columns)
    if op.get_context().dialect.name == "postgresql":
        table = "screening_answers"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_clinic ON {table} USING (clinic_id = {CLINIC})")
    if not op.get_context().as_sql:  # a script has no rows to fill
        fill(op.get_bind())


def downgrade() -> None:
    op.drop_table("screening_answers")


def fill(db: sa.Connection) -> None:
    for clinic_id in each_clinic(db):
        last = None
        while found := page(db, clinic_id, last):
            rows = [
                {
                    "clinic_id": clinic_id,
                    "screening_id": screening.id,
                    "position": position,
                    "code": compared_code("contraindications", answer["code"]),
                    "answer": answer["answer"],
                }
                for screening in found
                for position, answer in enumerate(screening.answers)
            ]
            if rows:
                db.execute(sa.insert(ANSWERS), rows)
            last = found[-1].id


def page(db: sa.Connection, clinic_id: Any, last: Any) -> Any:
    """Return the next screenings of a clinic, by id."""
    own = SCREENINGS.c.clinic_id == clinic_id
    after = sa.true() if last is None else SCREENINGS.c.id > last
    columns = (SCREENINGS.c.id, SCREENINGS.c.answers)
    return db.execute(
        sa.select(*columns).where(own, after).order_by(SCREENINGS.c.id).limit(AT_ONCE)
    ).all()
