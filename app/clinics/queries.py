"""Read clinics."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from app.clinics.models import Clinic
from app.clinics.schemas import ClinicView
from app.core.operation import Operation, rows
from app.core.values.text import folded

_CLINIC = rows(Clinic)
_CLINIC_NAMES = select(Clinic.clinic_id, Clinic.name)
_LOCKED = _CLINIC.with_for_update(key_share=True)  # new records, which refer to it, need not wait


def view(row: Row[Any]) -> ClinicView:
    """The view of a clinic."""
    return {
        "id": row.clinic_id,
        "name": row.name,
        "time_zone": row.time_zone,
        "whose_sessions": row.whose_sessions,
        "baseline_days": row.baseline_days,
        "address": row.address,
        "phone": row.phone,
        "emergency_number": row.emergency_number,
        "hours": row.hours,
        "alert_recipients": row.alert_recipients,
        "quiet_hours": row.quiet_hours,
        "languages": row.languages,
        "messages": row.messages,
        "version": row.version,
        "created_at": row.created_at,
    }


def clinic(op: Operation, *, for_update: bool = False) -> ClinicView:
    """The operation's own clinic."""
    return view(op.one(_LOCKED if for_update else _CLINIC))


def clinics_named(db: Connection, name: str) -> list[UUID]:
    """The ids of the clinics with this name, whatever its case.

    For signing in, before a clinic is known: the connection is in none.
    """
    wanted = folded(name)
    return [row.clinic_id for row in db.execute(_CLINIC_NAMES) if folded(row.name) == wanted]


def clinics(db: Connection) -> list[ClinicView]:
    """Every clinic of this installation, oldest first. For the command line only."""
    found = db.execute(select(Clinic.__table__).order_by(Clinic.created_at, Clinic.clinic_id))
    return [view(row) for row in found]
