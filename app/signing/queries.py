"""Read the consents that a signature depends on."""

from uuid import UUID

from sqlalchemy import bindparam

from app.core.operation import Operation, rows
from app.safety.models import Consent
from app.signing.rules import TREATMENT, Consented

_CONSENTS = rows(
    Consent,
    Consent.kind,
    Consent.decision,
    Consent.obtained_at,
    Consent.withdrawn_at,
    Consent.episode_id,
).where(Consent.patient_id == bindparam("patient_id"), Consent.kind.in_(TREATMENT))


def consents(op: Operation, patient_id: UUID) -> list[Consented]:
    """Return a patient's decisions on treatment."""
    return [Consented(*row) for row in op.all(_CONSENTS, patient_id=patient_id)]
