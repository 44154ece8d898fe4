"""`/console/devices`, `/console/keys` and `/console/sign-ins`: what has access, and its end."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy import and_
from starlette.responses import HTMLResponse, Response

from app.accounts import service as accounts
from app.accounts.queries import sign_in_id
from app.auth.models import BrowserToken, Client
from app.auth.rules import ENROLMENT_CODE, browser_token_is_valid
from app.auth.service import sign_out_browser
from app.clients import queries as keys
from app.clients import service as clients
from app.core.http.authorize import Authorize
from app.core.http.forms import Form
from app.core.http.pages import Filters
from app.core.http.routing import Route
from app.core.operation import Operation, rows
from app.core.values.access import ROLES, Scope
from app.core.values.problems import NotFound
from app.devices import queries as devices
from app.devices import service as device_service
from app.devices.schemas import DeviceBody
from app.ledger import service as ledger
from app.web.console import access, pages, who
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.framing import After, Further, framed
from app.web.console.once import key_of_form

DEVICES, KEYS, SIGN_INS = (
    pages.HOME + place.path for place in (who.DEVICES, who.KEYS, who.SIGN_INS)
)
_SIGN_INS: Final = (
    rows(BrowserToken, BrowserToken, Client.name, Client.kind)
    .join(
        Client,
        and_(Client.clinic_id == BrowserToken.clinic_id, Client.id == BrowserToken.client_id),
    )
    .order_by(BrowserToken.used_at.desc(), BrowserToken.digest)
)

router = APIRouter(include_in_schema=False, route_class=Route)
SeeingDevices = Annotated[Operation, Depends(Authorize(*who.DEVICES.scopes, identify=by_cookie))]
Enrolling = Annotated[
    Operation, Depends(Authorize(Scope.DEVICES_WRITE, secret=True, identify=by_cookie))
]
EndingDevices = Annotated[Operation, Depends(Authorize(Scope.DEVICES_WRITE, identify=by_cookie))]
SeeingSignIns = Annotated[Operation, Depends(Authorize(*who.SIGN_INS.scopes, identify=by_cookie))]
SeeingKeys = Annotated[Operation, Depends(Authorize(*who.KEYS.scopes, identify=by_cookie))]
EndingKeys = Annotated[Operation, Depends(Authorize(Scope.CLIENTS_WRITE, identify=by_cookie))]
EndingSignIns = Annotated[Operation, Depends(Authorize(Scope.ACCOUNTS_WRITE, identify=by_cookie))]


@router.get(DEVICES, operation_id="console.devices")
def list_devices(op: SeeingDevices, filters: Annotated[Further, Query()]) -> HTMLResponse:
    """Show the tablets, and the form to enrol one."""
    found, cursor = devices.devices(op, _part(filters))
    may_write = op.caller.may(Scope.DEVICES_WRITE)
    return framed(
        "devices.html",
        op,
        devices=plain(found),
        treating=access.practitioners(op, [one["practitioner_id"] for one in found]),
        used=access.last_uses(op, [one["id"] for one in found]),
        makers=access.names(op, [one["made_by"] for one in found]),
        cursor=cursor,
        may_write=may_write,
        choices=access.active_practitioners(op) if may_write else [],
    )


@router.post(DEVICES, operation_id="console.enrol")
def enrol(op: Enrolling, form: Form) -> HTMLResponse:
    """Create a device of a practitioner, and show its code, this once.

    It gets the rights of the role `practitioner`, as far as the caller holds them.
    """
    code = key_of_form(op, form, ENROLMENT_CODE)
    scopes = sorted(ROLES["practitioner"] & op.caller.scopes)
    body = access.body_of(DeviceBody, {**access.sent(op, form), "scopes": scopes})
    return framed("enrolled.html", op, device=plain(device_service.create(op, body, code)))


@router.post(f"{DEVICES}/{{id:uuid}}/revoke", operation_id="console.revoke-device")
def revoke_device(op: EndingDevices, id: UUID, form: Form) -> Response:
    """End a device's access."""
    access.sent(op, form)
    device_service.revoke(op, id)
    return pages.redirect(DEVICES, "ended")


@router.get(KEYS, operation_id="console.keys")
def list_keys(op: SeeingKeys, filters: Annotated[Further, Query()]) -> HTMLResponse:
    """Show the API keys and back ends: who made them, when they were used and when they end."""
    found, cursor = keys.clients(op, _part(filters))
    return framed(
        "keys.html",
        op,
        keys=plain(found),
        used=access.last_uses(op, [one["id"] for one in found]),
        makers=access.names(op, [one["made_by"] for one in found]),
        cursor=cursor,
        may_write=op.caller.may(Scope.CLIENTS_WRITE),
    )


@router.post(f"{KEYS}/{{id:uuid}}/revoke", operation_id="console.revoke-key")
def revoke_key(op: EndingKeys, id: UUID, form: Form) -> Response:
    """End a key or a back end."""
    access.sent(op, form)
    clients.revoke(op, id)
    return pages.redirect(KEYS, "ended")


@router.get(SIGN_INS, operation_id="console.sign-ins")
def list_sign_ins(op: SeeingSignIns, after: Annotated[After, Query()]) -> HTMLResponse:
    """Show the browsers that are signed in: whose they are, since when, and when last used."""
    del after  # `framed` says it
    return framed(
        "sign_ins.html",
        op,
        sign_ins=[_shown(row) for row in _valid(op)],
        may_write=op.caller.may(Scope.ACCOUNTS_WRITE),
    )


@router.post(f"{SIGN_INS}/{{id:uuid}}/end", operation_id="console.end-sign-in")
def end_sign_in(op: EndingSignIns, id: UUID, form: Form) -> Response:
    """Sign one browser out."""
    access.sent(op, form)
    found = next((row for row in _valid(op) if sign_in_id(row.digest) == id), None)
    if found is None:
        raise NotFound
    if found.kind == "account":
        accounts.end_sign_in(op, found.client_id, id)
    else:
        sign_out_browser(op, found.client_id, found.digest)
        ledger.record_sign_in(op, found.client_id)
    return pages.redirect(SIGN_INS, "signed-out")


def _part(filters: Further) -> Filters:
    return Filters(limit=access.AT_ONCE, cursor=filters.cursor)


def _valid(op: Operation) -> list[Any]:
    """Return the browser tokens of the clinic that still work, the last used first."""
    return [
        row for row in op.all(_SIGN_INS) if browser_token_is_valid(op.at, row.began_at, row.used_at)
    ]


def _shown(row: Any) -> dict[str, str]:
    return {
        "id": str(sign_in_id(row.digest)),
        "name": row.name,
        "kind": row.kind,
        "began_at": row.began_at.isoformat(),
        "used_at": row.used_at.isoformat(),
    }
