"""`/console/lots`: who got needles of a lot, when its manufacturer recalls it."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import HTMLResponse

from app.core.http.authorize import Authorize
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.text import is_blank
from app.recall import queries
from app.recall.rules import grouped
from app.web.console import access, pages
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.framing import After, framed
from app.web.console.who import LOTS

PAGE: Final = pages.HOME + LOTS.path
LOT_MAX: Final = 200

router = APIRouter(prefix=PAGE, include_in_schema=False, route_class=Route)
Recalling = Annotated[Operation, Depends(Authorize(*LOTS.scopes, identify=by_cookie))]


class Asked(After):
    """The lot that somebody asks for; none for the list of lots."""

    lot: Annotated[str, Field(max_length=LOT_MAX)] | None = Field(default=None)


@router.get("", operation_id="console.lots")
def lots(op: Recalling, filters: Annotated[Asked, Query()]) -> HTMLResponse:
    """Show every patient who was needled with a lot, or every lot in use."""
    lot = (filters.lot or "").strip()
    if not lot or is_blank(lot):
        known = grouped(queries.lots(op))
        return framed("lots.html", op, asked="", found=None, known=known, most=LOT_MAX)
    found = queries.whole_recall(op, lot)
    return framed(
        "lots.html",
        op,
        asked=lot,
        found=found._replace(patients=plain(found.patients)),
        visits=sum(len(each["sessions"]) for each in found.patients),
        needles=sum(use["needles"] for each in found.patients for use in each["sessions"]),
        treated=access.practitioners(
            op, [use["practitioner_id"] for each in found.patients for use in each["sessions"]]
        ),
        known=grouped(found.others),
        most=LOT_MAX,
    )
