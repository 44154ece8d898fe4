"""Read the consents and screenings that a signature depends on."""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam

from app.core.operation import Operation, rows
from app.safety.models import Consent, Screening
from app.signing.rules import TREATMENT, Answered, Consented, Screened
from app.vocabularies.queries import Words
from app.vocabularies.schemas import ContraindicationView

_CONSENTS = rows(
    Consent,
    Consent.kind,
    Consent.decision,
    Consent.obtained_at,
    Consent.withdrawn_at,
    Consent.episode_id,
    Consent.valid_until,
    Consent.id,
).where(Consent.patient_id == bindparam("patient_id"))


def consents(op: Operation, patient_id: UUID) -> list[Consented]:
    """Return a patient's decisions on treatment.

    They are few. By their kind, SQLite may read those of the whole clinic.
    """
    found = op.all(_CONSENTS, patient_id=patient_id)
    return [Consented(*row) for row in found if row.kind in TREATMENT]


_SCREENINGS = rows(
    Screening,
    Screening.decision,
    Screening.decided_at,
    Screening.override_reason,
    Screening.answers,
).where(Screening.session_id == bindparam("session_id"))


def screenings(op: Operation, session_id: UUID) -> list[Screened]:
    """Return the screenings of a session."""
    words = Words(op, inactive=True)
    return [
        Screened(
            row.decision,
            row.decided_at,
            row.override_reason,
            [
                Answered(one["code"], _is_of_concern(words, one), one["detail"])
                for one in row.answers
            ],
        )
        for row in op.all(_SCREENINGS, session_id=session_id)
    ]


def _is_of_concern(words: Words, answer: dict[str, Any]) -> bool:
    row = words.row("contraindications", answer["code"])
    return isinstance(row, ContraindicationView) and answer["answer"] in row.concern
