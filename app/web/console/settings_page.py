"""`/console/clinic`: what the owner sets: letterhead, zone, hours, messages, and who is told."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from starlette.responses import HTMLResponse, Response

from app.clinics import service
from app.clinics.queries import clinic
from app.clinics.schemas import ClinicView
from app.clinics.views import DeliveryChannel
from app.core.http.authorize import Authorize
from app.core.http.forms import Form
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.clock import time_zones
from app.core.values.faults import Fault
from app.core.values.problems import Conflict, Invalid
from app.core.values.vocabularies import words_of
from app.languages.queries import DOMAIN, languages
from app.web.console import access, pages
from app.web.console.browsers import by_cookie
from app.web.console.framing import After, framed
from app.web.console.hours import HOW, as_text, parsed
from app.web.console.who import CLINIC

PAGE: Final = pages.HOME + CLINIC.path
PLAIN: Final = ("name", "phone", "emergency_number", "address")
"""The members that the form has one by one. Empty is null, as the form leaves empty fields out."""

CHOSEN: Final = ("time_zone", "whose_sessions")
"""The members that always have a value. An empty field leaves them as they are."""
UNKNOWN: Final = "This clinic tells nobody of that name of alerts."

router = APIRouter(prefix=PAGE, include_in_schema=False, route_class=Route)
Owning = Annotated[Operation, Depends(Authorize(*CLINIC.scopes, identify=by_cookie))]


@router.get("", operation_id="console.clinic")
def settings(op: Owning, after: Annotated[After, Query()]) -> HTMLResponse:
    """Show the clinic's settings, and the forms to change them."""
    del after  # `framed` says it
    here = clinic(op)
    on = {tag.casefold() for tag in here["languages"]}
    return framed(
        "clinic.html",
        op,
        settings=here,
        languages=[(each, each.tag.casefold() in on) for each in languages(DOMAIN)],
        channels=words_of(DeliveryChannel),
        zones=sorted(time_zones()),
        as_text=as_text,
    )


@router.post("/change", operation_id="console.change-clinic")
def change(op: Owning, form: Form) -> Response:
    """Change what the form has. Members that it lacks stay as they are."""
    given = access.sent(op, form)
    service.change(op, _changes(clinic(op), given))
    return pages.redirect(PAGE, "changed")


def _changes(here: ClinicView, given: Mapping[str, str]) -> dict[str, Any]:
    quiet = {"from": given.get("quiet_from"), "to": given.get("quiet_to")}
    sender, post_to = given.get("sender"), given.get("post_to")
    offered = {each.tag.casefold() for each in languages(DOMAIN)}
    others = [tag for tag in here["languages"] if tag.casefold() not in offered]
    ticked = [each.tag for each in languages(DOMAIN) if f"language_{each.tag}" in given]
    return {
        **{name: given.get(name) for name in PLAIN},
        **{name: given[name] for name in CHOSEN if name in given},
        "hours": _hours(given),
        "quiet_hours": quiet if any(quiet.values()) else None,
        "messages": {"sender": sender, "post_to": post_to} if sender or post_to else None,
        "languages": others + ticked,
    }


def _hours(given: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the hours that a form says. Raises `Invalid` for a line that says none."""
    found = parsed(given.get("hours", ""))
    if found is None:
        raise Invalid([Fault("/hours", "hours", HOW)])
    return found


@router.post("/recipients", operation_id="console.add-recipient")
def add_recipient(op: Owning, form: Form) -> Response:
    """Add somebody who is told of alerts, with their hours of duty."""
    given = access.sent(op, form)
    added = {name: given.get(name, "") for name in ("name", "channel", "to")}
    one = {**added, "hours": _hours(given)}
    service.change(op, {"alert_recipients": [*clinic(op)["alert_recipients"], one]})
    return pages.redirect(PAGE, "changed")


@router.post("/recipients/change", operation_id="console.change-recipient")
def change_recipient(op: Owning, form: Form) -> Response:
    """Change where somebody is told of alerts, and when they are on duty."""
    given = access.sent(op, form)
    listed, name = clinic(op)["alert_recipients"], given.get("name", "")
    if all(one["name"] != name for one in listed):
        raise Conflict(UNKNOWN)
    new = {"to": given.get("to", ""), "hours": _hours(given)}
    told = [{**one, **new} if one["name"] == name else one for one in listed]
    service.change(op, {"alert_recipients": told})
    return pages.redirect(PAGE, "changed")


@router.post("/recipients/remove", operation_id="console.remove-recipient")
def remove_recipient(op: Owning, form: Form) -> Response:
    """Remove somebody who is told of alerts."""
    name = access.sent(op, form).get("name", "")
    listed = clinic(op)["alert_recipients"]
    left = [one for one in listed if one["name"] != name]
    if len(left) == len(listed):
        raise Conflict(UNKNOWN)
    service.change(op, {"alert_recipients": left})
    return pages.redirect(PAGE, "changed")
