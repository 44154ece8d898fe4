"""`/v1/clinic`."""

from app.clinics import queries
from app.clinics.schemas import ClinicView
from app.core.access import Scope
from app.core.operation import Operation
from app.core.routing import Answer, Routes

routes = Routes("/v1/clinic", "clinic")


@routes.get("", name="clinics.read", scope=Scope.CLINIC_READ, view=ClinicView)
def clinic(op: Operation) -> Answer:
    """Read the clinic that your token belongs to."""
    return Answer(queries.clinic(op))
