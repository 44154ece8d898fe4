"""Create clinics."""

from sqlalchemy import insert

from app.clinics.models import Clinic
from app.clinics.schemas import ClinicView
from app.core.operation import Operation
from app.ledger import service as ledger
from app.ledger.models import LedgerHead


def add(op: Operation, name: str) -> ClinicView:
    """Create the operation's clinic and its ledger."""
    view: ClinicView = {"id": op.clinic_id, "name": name, "created_at": op.at}
    op.db.execute(insert(Clinic), {"clinic_id": op.clinic_id, "name": name, "created_at": op.at})
    op.db.execute(insert(LedgerHead), {"clinic_id": op.clinic_id, "size": 0})
    ledger.record(op, "clinics", view)
    return view
