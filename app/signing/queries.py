"""Read the consents and screenings that a signature depends on."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import bindparam

from app.core.operation import Operation, rows
from app.safety.models import Consent, Screening
from app.signing.rules import TREATMENT, Answered, Consented

_CONSENTS = rows(
    Consent,
    Consent.kind,
    Consent.decision,
    Consent.obtained_at,
    Consent.withdrawn_at,
    Consent.episode_id,
).where(Consent.patient_id == bindparam("patient_id"), Consent.kind.in_(sorted(TREATMENT)))
_SCREENINGS = rows(
    Screening, Screening.answers, Screening.decision, Screening.override_reason
).where(Screening.session_id == bindparam("session_id"))


def consents(op: Operation, patient_id: UUID) -> list[Consented]:
    """Return a patient's decisions on treatment."""
    return [Consented(*row) for row in op.all(_CONSENTS, patient_id=patient_id)]


def answers(op: Operation, session_id: UUID) -> Iterator[Answered]:
    """Yield the answers of a session's screenings."""
    for row in op.all(_SCREENINGS, session_id=session_id):
        for answer in row.answers:
            yield Answered(
                answer["code"],
                answer["answer"],
                answer["detail"],
                row.decision,
                row.override_reason,
            )
