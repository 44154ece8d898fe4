"""Create, enrol and revoke devices."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, update

from app.auth.models import Client, Device
from app.auth.rules import ENROLMENT_CODE, Key, Untrusted, is_inactive, new_key
from app.auth.schemas import scopes_not_held
from app.auth.service import new_refresh_token, rotate_refresh_token
from app.core.operation import CLINIC, Operation
from app.core.values.clock import clinic_day, uuid7
from app.core.values.faults import Fault
from app.core.values.problems import Conflict, Invalid, NotFound
from app.credentials import service as credentials
from app.credentials.queries import made_before, stated_device
from app.credentials.service import check_credential, latest_expiry, record_credential
from app.credentials.views import StatedDevice
from app.devices.queries import locked, view
from app.devices.schemas import DeviceBody, NewDeviceView, RevokedDeviceView
from app.ledger import service as ledger
from app.records import service as records
from app.records.errors import DiffersFromLedger
from app.records.registry import registry

KINDS: Final = ("device",)
CODE_LIFE: Final = timedelta(minutes=10)

_ENROL = update(Device).where(Device.clinic_id == CLINIC, Device.client_id == bindparam("this"))


def create(op: Operation, body: DeviceBody, code: Key | None = None) -> NewDeviceView:
    """Create a device. Returns its view, with the code to enrol it.

    With the `code` of a device that the caller made before, it is this device again. Raises
    `Conflict` if that was enrolled or has ended.

    Raises `Invalid` for an unknown or inactive practitioner and for a scope that the caller
    doesn't hold, and `Conflict` if too many clients stand above the caller.
    """
    before = None if code is None else _made_with(op, code)
    if before is not None:
        return before
    latest_expiry(op)
    faults = list(scopes_not_held(op.caller, body.scopes))
    try:
        if _is_inactive(op, body.practitioner_id):
            gone = "This practitioner is inactive."
            faults.append(Fault("/practitioner_id", "practitioner_inactive", gone))
    except NotFound:
        missing = "No such record in this clinic."
        faults.append(Fault("/practitioner_id", "unknown_reference", missing))
    if faults:
        raise Invalid(faults)
    code = code or new_key(uuid7(), ENROLMENT_CODE)
    made: StatedDevice = {
        "id": code.client_id,
        "name": body.name,
        "practitioner_id": body.practitioner_id,
        "scopes": list(body.scopes),
        "created_at": op.at,
        "code_expires_at": op.at + CODE_LIFE,
        "enrolled_at": None,
        "revoked_at": None,
    }
    _store(op, made, code)
    ledger.record(op, "devices", made)
    record_credential(op, made["id"])
    return {**made, "made_by": op.caller.client_id, "enrolment_code": str(code)}


def _made_with(op: Operation, code: Key) -> NewDeviceView | None:
    row = made_before(op, code)
    if row is None:
        return None
    is_open = row.kind == "device" and row.enrolled_at is None and row.revoked_at is None
    if not is_open or not code.matches(row.code_digest):
        raise Conflict("This device was made before. It was enrolled or ended since.")
    return {**view(row), "enrolment_code": str(code)}


def _is_inactive(op: Operation, practitioner_id: UUID) -> bool:
    """Whether a practitioner is inactive now. They are locked until the commit. Or `NotFound`."""
    found = records.lock_record(op, registry["practitioners"], practitioner_id)
    return is_inactive(found["status"], found["inactive_from"], clinic_day(op.at, op.zone))


def _store(op: Operation, made: StatedDevice, code: Key) -> None:
    client = {
        "clinic_id": op.clinic_id,
        "id": made["id"],
        "kind": "device",
        "name": made["name"],
        "scopes": made["scopes"],
        "created_at": made["created_at"],
        "made_by": op.caller.client_id,
    }
    device = {
        "clinic_id": op.clinic_id,
        "client_id": made["id"],
        "practitioner_id": made["practitioner_id"],
        "code_digest": code.digest,
        "code_expires_at": made["code_expires_at"],
    }
    op.db.execute(insert(Client), client)
    op.db.execute(insert(Device), device)


def revoke(op: Operation, id: UUID, *, with_descendants: bool = False) -> RevokedDeviceView:
    """Revoke a device; `NotFound` if this clinic has none with this id. Idempotent."""
    revoked = credentials.revoke(op, id, KINDS, with_descendants=with_descendants)
    return {
        **view(revoked.row),
        "revoked_at": revoked.revoked_at,
        "descendants": list(revoked.descendants),
    }


def enrol(op: Operation, code: Key) -> tuple[Row[Any], Key]:
    """Enrol a device with its code. Returns the device and its first refresh token.

    Raises `Untrusted` if the code is wrong, was used before, or is older than ten minutes, and if
    the practitioner is inactive.
    """
    found = locked(op, code.client_id)
    if not code.matches(found.code_digest):
        raise Untrusted("wrong code")
    if found.enrolled_at is not None:
        raise Untrusted("code used before")
    if found.code_expires_at <= op.at:
        raise Untrusted("code expired")
    if _is_inactive(op, found.practitioner_id):
        raise Untrusted("inactive practitioner")
    try:
        check_credential(op, found)
    except DiffersFromLedger:
        raise Untrusted("differs from the ledger") from None
    op.run(_ENROL.values(enrolled_at=op.at), {"this": code.client_id})
    enrolled = stated_device(found)
    enrolled["enrolled_at"] = op.at
    ledger.record(op, "devices", enrolled, operation="devices.enrol")
    return found, new_refresh_token(op, code.client_id)


def refresh(op: Operation, token: Key) -> tuple[Row[Any], Key | None]:
    """Exchange a refresh token. Returns the device and its next refresh token.

    A token that was used before revokes the device, and the next token is None. Raises
    `Untrusted` for an expired token, for one that this device never had, and if the practitioner
    is inactive.
    """
    found = locked(op, token.client_id)
    if _is_inactive(op, found.practitioner_id):
        raise Untrusted("inactive practitioner")
    next_token = rotate_refresh_token(op, token)
    if next_token is None:
        credentials.end(op, token.client_id, KINDS, reason="refresh token used again")
    return found, next_token
