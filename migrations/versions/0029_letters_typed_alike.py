"""A search finds Arabic and Persian names with the letters of either keyboard.

Revision 0029, after 0028.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from app.core.db.schema import each_clinic
from app.patients.rules.names import TYPED_ALIKE, words

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

PATIENTS = sa.table(
    "patients",
    *(sa.column(name, sa.Uuid()) for name in ("clinic_id", "id")),
    *(sa.column(name, sa.String()) for name in ("given_name", "family_name")),
)
WORDS = sa.table(
    "patient_words",
    *(sa.column(name, sa.Uuid()) for name in ("clinic_id", "patient_id")),
    sa.column("position", sa.Integer()),
    *(sa.column(name, sa.String()) for name in ("field", "word")),
)
AT_ONCE = 500


def upgrade() -> None:
    if not op.get_context().as_sql:  # a script has no rows to fill
        add_words(op.get_bind())


def downgrade() -> None:
    """Leave the words: an earlier program finds names by those that it stored, and these too."""


def add_words(db: sa.Connection) -> None:
    """Give patients whose words have such a letter the words of the other keyboard, too."""
    for clinic_id in each_clinic(db):
        found = list(db.execute(affected(clinic_id)).scalars())
        for start in range(0, len(found), AT_ONCE):
            new = list(missing(db, clinic_id, found[start : start + AT_ONCE]))
            if new:
                db.execute(sa.insert(WORDS), new)


def affected(clinic_id: UUID) -> Any:
    like = sa.or_(*(WORDS.c.word.contains(letter) for letter in TYPED_ALIKE))
    own = WORDS.c.clinic_id == clinic_id
    return sa.select(WORDS.c.patient_id).where(own, WORDS.c.field == "name", like).distinct()


def missing(db: sa.Connection, clinic_id: UUID, ids: list[UUID]) -> Iterator[dict[str, Any]]:
    """Yield the words that these patients lack, after those that they have."""
    held: dict[UUID, list[Any]] = {id_: [] for id_ in ids}
    of_clinic = sa.select(WORDS).where(WORDS.c.clinic_id == clinic_id)
    for row in db.execute(of_clinic.where(WORDS.c.patient_id.in_(ids))):
        held[row.patient_id].append(row)
    people = sa.select(PATIENTS).where(PATIENTS.c.clinic_id == clinic_id)
    for person in db.execute(people.where(PATIENTS.c.id.in_(ids))):
        known = {row.word for row in held[person.id] if row.field == "name"}
        after = 1 + max(row.position for row in held[person.id])
        lacking = [w for w in words([person.given_name, person.family_name]) if w not in known]
        for position, word in enumerate(lacking, after):
            own = {"clinic_id": clinic_id, "patient_id": person.id, "position": position}
            yield {**own, "field": "name", "word": word}
