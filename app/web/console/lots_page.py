"""`/console/lots`: who got needles of a lot, when its manufacturer recalls it."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import HTMLResponse

from app.core.http.authorize import Authorize
from app.core.http.pages import Filters
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.text import is_blank
from app.recall import queries
from app.web.console import pages
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.framing import Further, framed
from app.web.console.who import LOTS

PAGE: Final = pages.HOME + LOTS.path
AT_ONCE: Final = 100
LOT_MAX: Final = 200

router = APIRouter(prefix=PAGE, include_in_schema=False, route_class=Route)
Recalling = Annotated[Operation, Depends(Authorize(*LOTS.scopes, identify=by_cookie))]


class Asked(Further):
    """The lot that somebody asks for; none for the list of lots."""

    lot: Annotated[str, Field(max_length=LOT_MAX)] | None = Field(default=None)


@router.get("", operation_id="console.lots")
def lots(op: Recalling, filters: Annotated[Asked, Query()]) -> HTMLResponse:
    """Show the patients who were needled with a lot, or every lot in use."""
    lot = (filters.lot or "").strip()
    if not lot or is_blank(lot):
        return framed("lots.html", op, asked="", found=None, known=queries.lots(op), most=LOT_MAX)
    found = queries.patients_of_lot(op, lot, Filters(limit=AT_ONCE, cursor=filters.cursor))
    shown = found._replace(patients=plain(found.patients))
    return framed("lots.html", op, asked=lot, found=shown, known=found.others, most=LOT_MAX)
