"""What a form begins with: the muscles needled most, and the technique of the last session."""

from typing import Final
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select

from app.core.operation import CLINIC, Operation, rows
from app.core.values.access import Scope
from app.muscles.queries import find
from app.sessions.models import Needling, TreatmentSession
from app.web.console.writing.muscles import NAMES

VISITS: Final = 60
"""So many visits of a practitioner, and of a patient, are looked at: the last ones."""
EACH: Final = 12
"""So many muscles of a patient, and of a practitioner, come before the catalogue."""


def _needled(column: str) -> Select[str, int]:
    """Select the muscles of somebody's last visits, with how often each was needled."""
    visits = (
        select(TreatmentSession.id)
        .where(
            TreatmentSession.clinic_id == CLINIC,
            getattr(TreatmentSession, column) == bindparam("whose"),
            TreatmentSession.status != "void",
        )
        .order_by(TreatmentSession.occurred_at.desc(), TreatmentSession.id.desc())
        .limit(VISITS)
        .subquery()
    )
    return (
        select(Needling.muscle, func.count().label("times"))
        .join(visits, visits.c.id == Needling.session_id)
        .where(Needling.clinic_id == CLINIC)
        .group_by(Needling.muscle)
    )


_OF_PATIENT: Final = _needled("patient_id")
_OF_PRACTITIONER: Final = _needled("practitioner_id")


_TECHNIQUES: Final = (
    rows(TreatmentSession, TreatmentSession.technique)
    .where(
        TreatmentSession.practitioner_id == bindparam("whose"), TreatmentSession.status != "void"
    )
    .order_by(TreatmentSession.occurred_at.desc(), TreatmentSession.id.desc())
    .limit(VISITS)
)


def last_technique(op: Operation) -> str:
    """Return the technique of the last session of the practitioner who is signed in; else ""."""
    own = op.caller.practitioner_id
    if own is None or not op.caller.may(Scope.SESSIONS_READ):
        return ""
    return next((row.technique for row in op.all(_TECHNIQUES, whose=own) if row.technique), "")


def offered(op: Operation, patient_id: UUID | None) -> list[str]:
    """Return the names of the muscles in the order in which a form offers them.

    First those of this patient's last visits, then those of the practitioner's who is signed in,
    each the most often needled first; then all of the catalogue.
    """
    first: list[str] = []
    if op.caller.may(Scope.SESSIONS_READ):
        whose = ((_OF_PATIENT, patient_id), (_OF_PRACTITIONER, op.caller.practitioner_id))
        for statement, id in whose:
            if id is not None:
                found = sorted(op.all(statement, whose=id), key=lambda row: (-row.times, row[0]))
                first += [row.muscle for row in found[:EACH]]
    names = [muscle.name for muscle in map(find, first) if muscle is not None]
    return list(dict.fromkeys([*names, *NAMES]))
