"""`/v1/clinic`."""

from typing import Annotated

from fastapi import APIRouter, Depends

from app.clinics import queries, service
from app.clinics.schemas import ClinicPatch, ClinicView
from app.core.http.answers import Answer
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import VersionMissing, VersionStale
from app.records.errors import DiffersFromLedger

router = APIRouter(prefix="/v1/clinic", tags=["clinic"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.CLINIC_READ))]
Writing = Annotated[Operation, Depends(Authorize(Scope.CLINIC_WRITE))]


def _answer(view: ClinicView) -> Answer[ClinicView]:
    return Answer(view, version=view["version"])


@router.get("", operation_id="clinics.read")
def clinic(op: Reading) -> Answer[ClinicView]:
    """Read the clinic of your token.

    The token decides it: no request names a clinic.
    """
    return _answer(queries.clinic(op))


@router.patch(
    "",
    operation_id="clinics.update",
    responses=documented(VersionMissing, VersionStale, DiffersFromLedger),
)
def change(op: Writing, body: ClinicPatch) -> Answer[ClinicView]:
    """Change the clinic's name and settings with a JSON Merge Patch.

    Days are counted in the `time_zone`. A new one changes no record: what was derived before stays.
    `whose_sessions` decides whose sessions a practitioner may sign, amend or void: only their
    `own`, or `any`. `baseline_days` changes the baselines of all progress that is read from now on.
    """
    return _answer(service.change(op, body.root))
