"""Reads of open alerts, for those who show them beside other records."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import func

from app.alerts.models import Alert
from app.core.db.dialects import among
from app.core.operation import Operation, rows

_OPEN: Final = rows(Alert, func.count()).where(Alert.status == "open")
_PATIENTS: Final = (
    rows(Alert, Alert.patient_id)
    .where(Alert.status == "open", among(Alert.patient_id, "patients"))
    .distinct()
)


def open_count(op: Operation) -> int:
    """How many alerts of the clinic nobody has acknowledged."""
    return int(op.all(_OPEN)[0][0])


def alarming(op: Operation, patients: Collection[UUID]) -> set[UUID]:
    """Those of these patients who have an open alert."""
    if not patients:
        return set()
    return {row.patient_id for row in op.all(_PATIENTS, patients=list(patients))}
