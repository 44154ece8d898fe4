"""What every page has around its content: who is signed in, open alerts, texts that came back."""

from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import Field
from starlette.responses import HTMLResponse

from app.alerts.queries import open_count
from app.clinics.queries import clinic
from app.core.http.authorize import RequestOperation
from app.core.http.pages import Cursor
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.wire import View
from app.deliveries.channels import is_set_up
from app.web.console import due, follow_ups, pages
from app.web.console.kept import NOTHING, returning
from app.web.console.who import SignedIn, who


class After(View):
    """What was done with a form before the page is shown: a key of `pages.SAID`."""

    said: Annotated[str, Field(max_length=20)] | None = Field(default=None)


class Further(After):
    """The same, and the cursor of the next page of a list."""

    cursor: Cursor | None = Field(default=None)


def around(op: Operation, who: SignedIn | None) -> dict[str, Any]:
    """Return what every page has around its content, as values of its template."""
    here, alerted = clinic(op), op.caller.may(Scope.ALERTS_READ)
    return {
        "zone": op.take_zone(here["time_zone"]),
        "who": who,
        "clinic": here["name"],
        "differing": len(set(op.differing)),
        "open_alerts": open_count(op) if alerted else None,
        "recipients": len(here["alert_recipients"]),
        "nobody_told": alerted and not any(map(is_set_up, here["alert_recipients"])),
        "emergency_number": here["emergency_number"],
        "drafts": due.drafts(op),
        "calls": follow_ups.calls(op) if op.caller.may(Scope.ASKS_READ) else None,
    }


def whose(op: Operation) -> SignedIn:
    """Return who is signed in."""
    found = who(cast("RequestOperation", op).request)
    if found is None:
        raise AssertionError
    return found


def _about(more: Mapping[str, Any]) -> Any:
    """Return the patient whom a page is about, for each printed page.

    None if it is about nobody or several. Of a patient whom the client may not read it is the id.
    """
    sheet, shown = more.get("sheet"), more.get("shown")
    if shown is not None:
        return shown.person or (shown.patient_id and {"id": shown.patient_id})
    return more.get("patient") if sheet is None else sheet.patient


def framed(template: str, op: Operation, **more: Any) -> HTMLResponse:
    """Return a page for the person who is signed in."""
    request = cast("RequestOperation", op).request
    back = returning(request)
    is_mine = back is not None and back.written_by == str(op.caller.client_id)
    said = request.query_params.get("said", "")
    shown = around(op, whose(op)) | {
        "kept": back if is_mine else NOTHING,
        "returned": is_mine,
        "is_anothers": back is not None and not is_mine,
        "said": pages.SAID.get(said),
        "about": _about(more),
        "made_at": op.at.isoformat(),
    }
    return HTMLResponse(pages.render(template, **(shown | more)))
