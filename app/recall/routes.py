"""`/v1/needle-lots/{lot}/patients`."""

from app.core.access import Scope
from app.core.operation import Operation
from app.core.pages import Filters, view_of_page
from app.core.routing import Answer, Routes
from app.recall import queries
from app.recall.schemas import LotPatientView

routes = Routes("/v1/needle-lots", "recall")


# A lot may have a slash in it.
@routes.get(
    "/{lot:path}/patients",
    name="needle_lots.patients",
    scope=Scope.NEEDLE_LOTS_READ,
    view=view_of_page(LotPatientView),
)
def patients_of_lot(op: Operation, lot: str, filters: Filters) -> Answer:
    """List the patients who were treated with needles of a lot.

    The lot is compared as it was written down at the needling. What a session says now counts: a
    lot that an amendment has corrected isn't found under what stood there before.
    """
    return Answer.page(*queries.patients_of_lot(op, lot, filters))
