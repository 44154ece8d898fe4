"""What every page has around its content: who is signed in, open alerts, texts that came back."""

from typing import Any, cast

from starlette.responses import HTMLResponse

from app.alerts.queries import open_count
from app.clinics.queries import clinic
from app.core.http.authorize import RequestOperation
from app.core.operation import Operation
from app.core.values.access import Scope
from app.deliveries.channels import is_set_up
from app.web.console import pages
from app.web.console.kept import NOTHING, returning
from app.web.console.who import SignedIn, who


def around(op: Operation, who: SignedIn | None) -> dict[str, Any]:
    """Return what every page has around its content, as values of its template."""
    here, alerted = clinic(op), op.caller.may(Scope.ALERTS_READ)
    return {
        "zone": op.take_zone(here["time_zone"]),
        "who": who,
        "differing": len(set(op.differing)),
        "open_alerts": open_count(op) if alerted else None,
        "nobody_told": alerted and not any(map(is_set_up, here["alert_recipients"])),
        "emergency_number": here["emergency_number"],
    }


def framed(template: str, op: Operation, **more: Any) -> HTMLResponse:
    """Return a page for the person who is signed in."""
    request = cast("RequestOperation", op).request
    back = returning(request)
    is_mine = back is not None and back.written_by == str(op.caller.client_id)
    shown = around(op, who(request)) | {
        "kept": back if is_mine else NOTHING,
        "returned": is_mine,
        "others": None if is_mine else back,
    }
    return HTMLResponse(pages.render(template, **(shown | more)))
