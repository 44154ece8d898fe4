"""`/v1/patients`."""

from app.core.access import Scope
from app.core.operation import Operation
from app.core.pages import Filters, view_of_page
from app.core.routing import Answer, Routes
from app.patients.schemas import PatientSearch
from app.patients.service import PATIENTS
from app.patients.views import PatientView
from app.records.queries import records
from app.records.routes import serve_reads, serve_writes

routes = Routes("/v1/patients", "patients")


@routes.post(
    "/search",
    name="patients.search",
    scope=Scope.PATIENTS_READ,
    view=view_of_page(PatientView),
    writes=False,
)
def search(op: Operation, body: PatientSearch, filters: Filters) -> Answer:
    """Search patients by the beginning of a name, or by birth date.

    Only letters and digits of a name count; case and accents don't.
    """
    return Answer.page(*records(op, PATIENTS, filters, **body.values()))


serve_reads(routes, PATIENTS, Scope.PATIENTS_READ)
serve_writes(routes, PATIENTS, Scope.PATIENTS_WRITE)
