"""Write the ledger: collect entries during an operation, and number them before its commit."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from pydantic_core import to_jsonable_python
from sqlalchemy import Connection, bindparam, update
from sqlalchemy.exc import DataError, IntegrityError

from app.core.db.bulk import insert_rows
from app.core.operation import CLINIC, Entry, Operation
from app.core.values.problems import LedgerDamaged
from app.ledger.format import entry
from app.ledger.models import LedgerEntry, LedgerHead

_GROW = (
    update(LedgerHead)
    .where(LedgerHead.clinic_id == CLINIC)
    .values(size=LedgerHead.size + bindparam("grown"))
    .returning(LedgerHead.size)
)


def record(
    op: Operation,
    resource: str,
    view: Mapping[str, Any],
    *,
    patient_id: UUID | None = None,
    operation: str | None = None,
    reason: str | None = None,
) -> None:
    """Record a change: `view` is the record after the change."""
    version = view.get("version")
    name = operation or op.name
    _gather(op, Entry("change", name, resource, view["id"], patient_id, version, reason, view))


def record_access(
    op: Operation, resource: str, id: UUID, patient_id: UUID, version: int | None
) -> None:
    """Record that a caller read one record of a patient."""
    _gather(op, Entry("access", op.name, resource, id, patient_id, version))


def record_patient_access(
    op: Operation, patients: Iterable[UUID | None], reason: str | None = None
) -> None:
    """Record, once for each of these patients, that a caller read their data."""
    # One answer may hold many records of the same patient.
    there = {entry.patient_id for entry in op.entries if entry.resource == "patients"}
    for patient_id in dict.fromkeys(patients):
        if patient_id is not None and patient_id not in there:
            seen = Entry("access", op.name, "patients", patient_id, patient_id, reason=reason)
            _gather(op, seen)


def record_disclosure(op: Operation, patient_id: UUID, reason: str) -> None:
    """Record a disclosure of a patient's data outside the clinic: `reason` says to whom and why.

    This entry replaces the access entries of the reads that the disclosure needed.
    """
    there = [e for e in op.entries if (e.kind, e.patient_id) == ("access", patient_id)]
    _gather(op, Entry("access", op.name, "patients", patient_id, patient_id, reason=reason))
    for look in there:
        op.entries.remove(look)


def record_ledger_access(op: Operation, patient_id: UUID | None) -> None:
    """Record that a caller read the ledger itself, of one patient or of all."""
    _gather(op, Entry("access", op.name, "ledger", op.clinic_id, patient_id))


def record_aggregate_access(op: Operation, reason: str) -> None:
    """Record that a caller read aggregated data of patients, which identify nobody."""
    _gather(op, Entry("access", op.name, "clinics", op.clinic_id, reason=reason))


def record_rights_change(
    op: Operation,
    resource: str,
    view: Mapping[str, Any],
    *,
    operation: str | None = None,
    reason: str | None = None,
) -> None:
    """Record a temporary change of rights, such as emergency access; `view` is the state after it.

    It is a security event with a body.
    """
    name = operation or op.name
    _gather(op, Entry("security", name, resource, view["id"], reason=reason, view=view))


def record_sign_in(op: Operation, client_id: UUID) -> None:
    """Record that a client signed in or out."""
    _gather(op, Entry("security", op.name, "clients", client_id))


def record_difference(op: Operation, resource: str, id: UUID, found: str) -> None:
    """Record that a row is not what the ledger states, or that the ledger is damaged."""
    _gather(op, Entry("security", op.name, resource, id, reason=found))


def record_delivery(op: Operation, resource: str, id: UUID, said: str) -> None:
    """Record that a message about a record was sent, or could not be sent."""
    _gather(op, Entry("security", op.name, resource, id, reason=said))


def record_security(op: Operation) -> None:
    """Record an operation on all of the clinic's data, such as a backup."""
    _gather(op, Entry("security", op.name, "clinics", op.clinic_id))


def _gather(op: Operation, gathered: Entry) -> None:
    if not op.entries:
        op.before_commit.append(lambda: append(op.db, [op]))
    op.entries.append(gathered)


def append(db: Connection, operations: Sequence[Operation]) -> None:
    """Number and insert the entries of one clinic, in the last statements before the commit.

    The counter's row stays locked until the commit, so no other write of this clinic can take a
    number meanwhile. Therefore numbers become visible in order and without gaps.

    Raises `LedgerDamaged` if the counter is missing or gives a number that is taken.
    """
    gathered = [(op, one) for op in operations for one in op.entries]
    first = _grow(db, operations[0].clinic_id, len(gathered)) + 1
    rows = [_row(op, number, one) for number, (op, one) in enumerate(gathered, first)]
    try:
        insert_rows(db, {LedgerEntry: rows})
    except IntegrityError as error:
        # The lock on the counter rules out another writer. So this is no race to run again for.
        raise LedgerDamaged("The ledger's count isn't that of its entries.") from error


def _grow(db: Connection, clinic_id: UUID, count: int) -> int:
    """Add to a clinic's counter, and return its value before."""
    try:
        size = db.execute(_GROW, {"clinic": clinic_id, "grown": count}).scalar_one_or_none()
    except DataError as error:
        raise LedgerDamaged("The ledger's counter is beyond all numbers.") from error
    if not isinstance(size, int):
        raise LedgerDamaged("The ledger's counter is missing.")
    return size - count


def _row(op: Operation, number: int, gathered: Entry) -> dict[str, Any]:
    public = {
        "clinic_id": op.clinic_id,
        "number": number,
        "kind": gathered.kind,
        "operation": gathered.operation,
        "at": op.at,
        "actor": op.caller.actor,
        "client": op.caller.client_id,
        "request_id": op.request_id,
        "resource": gathered.resource,
        "resource_id": gathered.resource_id,
        "patient_id": gathered.patient_id,
        "version": gathered.version,
        "reason": "; ".join(filter(None, (_emergency(op, gathered), gathered.reason))) or None,
    }
    body = salt = digest = None
    if gathered.view is not None:
        body, salt = canonical(gathered.view), os.urandom(entry.SALT_BYTES)
        digest = entry.body_digest(salt, body)
    sealed = canonical({**public, "body_digest": digest and digest.hex()})
    return {
        **public,
        "body": body and body.decode(),
        "salt": salt,
        "body_digest": digest,
        "leaf": entry.leaf(sealed),
    }


def _emergency(op: Operation, gathered: Entry) -> str | None:
    """The reason of a read under emergency access, so that the patient's disclosures show it."""
    if gathered.kind != "access" or op.caller.emergency_id is None:
        return None
    return in_emergency(op.caller.emergency_id)


def in_emergency(id: UUID) -> str:
    """How the reason of an access entry begins that was made under this emergency access."""
    return f"emergency {id}"


def canonical(view: Any) -> bytes:
    """The same bytes as `entry.canonical`, ten times as fast unless a number needs its care."""
    written = orjson.dumps(view, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
    if entry.DOUBTFUL.search(written.decode()):
        return entry.canonical(to_jsonable_python(view))
    return written
