"""Read clinics."""

from sqlalchemy import Connection, select

from app.clinics.models import Clinic
from app.clinics.schemas import ClinicView
from app.core.operation import Operation, rows

_CLINIC = rows(Clinic)


def clinic(op: Operation) -> ClinicView:
    """The operation's own clinic."""
    found = op.one(_CLINIC)
    return {"id": found.clinic_id, "name": found.name, "created_at": found.created_at}


def clinics(db: Connection) -> list[ClinicView]:
    """Every clinic of this installation, oldest first. For the command line only."""
    found = db.execute(select(Clinic).order_by(Clinic.created_at, Clinic.clinic_id))
    return [{"id": c.clinic_id, "name": c.name, "created_at": c.created_at} for c in found]
