"""Reading the ledger: the change feed, and the versions of one record."""

from typing import Any
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import BigInteger, Row, bindparam

from app.core.operation import Operation, rows
from app.ledger.models import LedgerEntry

_CHANGES = (
    rows(LedgerEntry)
    .where(LedgerEntry.kind == "change", LedgerEntry.number > bindparam("after", type_=BigInteger))
    .order_by(LedgerEntry.number)
    .limit(bindparam("wanted"))
)
_VERSIONS = (
    rows(LedgerEntry)
    .where(
        LedgerEntry.kind == "change",
        # Two records of different kinds may have the same id, for clients make ids too.
        LedgerEntry.resource == bindparam("resource"),
        LedgerEntry.resource_id == bindparam("resource_id"),
        LedgerEntry.version > bindparam("after"),
    )
    .order_by(LedgerEntry.version)
    .limit(bindparam("wanted"))
)


def changes(op: Operation, after: int, limit: int) -> tuple[list[dict[str, Any]], bool]:
    """Up to `limit` changes behind number `after`, oldest first, and whether more are there."""
    found = op.all(_CHANGES, after=after, wanted=limit + 1)
    return [_change(row) for row in found[:limit]], len(found) > limit


def _change(row: Row[Any]) -> dict[str, Any]:
    return {
        "number": row.number,
        "at": row.at,
        "operation": row.operation,
        "resource": row.resource,
        "resource_id": row.resource_id,
        "patient_id": row.patient_id,
        "version": row.version,
        "actor": row.actor,
        "reason": row.reason,
        "body": from_json(row.body) if row.body is not None else None,
    }


def versions(
    op: Operation, resource: str, id: UUID, after: int, limit: int
) -> tuple[list[dict[str, Any]], bool]:
    """Up to `limit` versions of one record behind version `after`, and whether more are there."""
    found = op.all(_VERSIONS, resource=resource, resource_id=id, after=after, wanted=limit + 1)
    return [_change(row) for row in found[:limit]], len(found) > limit


def version(op: Operation, resource: str, id: UUID, number: int) -> dict[str, Any] | None:
    """One record as it was in version `number`; None if there is no such version."""
    found = op.first(_VERSIONS, resource=resource, resource_id=id, after=number - 1, wanted=1)
    if found is None or found.version != number or found.body is None:
        return None
    body: dict[str, Any] = from_json(found.body)
    return body
