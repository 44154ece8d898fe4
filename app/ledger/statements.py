"""What the ledger states about a row: the newest entry with a body, by resource and id."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import Row, Uuid, bindparam, func

from app.core.db.dialects import among
from app.core.operation import Operation, rows
from app.core.values.problems import Unreadable
from app.ledger.format.blocks import ERASURE
from app.ledger.models import LedgerEntry

READ_AT_ONCE: Final = 500

# Only a change and a few security events have a body, and so a digest of it. Looks at records,
# which are far more, have none: the partial index on these entries leaves them out.
_STATED = LedgerEntry.body_digest.is_not(None)
_NEWEST = (
    rows(LedgerEntry, func.max(LedgerEntry.number))
    .where(_STATED)
    .group_by(LedgerEntry.resource, LedgerEntry.resource_id)
)
_AMONG = _NEWEST.where(
    LedgerEntry.resource == bindparam("resource"), among(LedgerEntry.resource_id, "ids")
)
_BETWEEN = _NEWEST.where(
    LedgerEntry.resource_id > bindparam("after", type_=Uuid()),
    LedgerEntry.resource_id <= bindparam("upto", type_=Uuid()),
)
_IDS = (
    rows(LedgerEntry, LedgerEntry.resource_id)
    .where(_STATED, LedgerEntry.resource_id > bindparam("after", type_=Uuid()))
    .order_by(LedgerEntry.resource_id)
    .distinct()
    .limit(bindparam("wanted"))
)
_ENTRIES = rows(
    LedgerEntry,
    *(LedgerEntry.number, LedgerEntry.operation, LedgerEntry.at, LedgerEntry.resource),
    *(LedgerEntry.resource_id, LedgerEntry.patient_id, LedgerEntry.reason, LedgerEntry.body),
).where(LedgerEntry.number.in_(bindparam("numbers", expanding=True)))
_ERASED = (
    rows(LedgerEntry, LedgerEntry.patient_id, func.max(LedgerEntry.number))
    .where(among(LedgerEntry.patient_id, "patients"), LedgerEntry.operation == ERASURE)
    .group_by(LedgerEntry.patient_id)
)


class Statement(NamedTuple):
    """The newest state of a row in the ledger."""

    number: int
    at: datetime
    resource: str
    resource_id: UUID
    reason: str | None
    body: Mapping[str, Any] | None
    """The row's members as JSON values; None if the row was erased, as the law asks."""
    destroyed: bool
    """Whether the body is gone or unreadable, without an erasure that explains it."""


def newest(op: Operation, resource: str, ids: Sequence[UUID]) -> dict[UUID, Statement]:
    """Return what the ledger states about these rows of one resource, by id."""
    numbers = _numbers(op.all(_AMONG, resource=resource, ids=ids))
    return {found.resource_id: found for found in _statements(op, numbers)}


def between(op: Operation, after: UUID, upto: UUID) -> list[Statement]:
    """Return what the ledger states about all rows with an id after `after`, up to `upto`."""
    numbers = _numbers(op.all(_BETWEEN, after=after, upto=upto))
    return list(_statements(op, numbers))


def ids_after(op: Operation, after: UUID, wanted: int) -> list[UUID]:
    """Return the next ids that the ledger states anything about, at most `wanted`."""
    return [id for (id,) in op.all(_IDS, after=after, wanted=wanted)]


def _numbers(found: Sequence[Row[Any]]) -> list[int]:
    """Return the numbers of entries; `Unreadable` for a text, which SQLite stores as well."""
    numbers = [number for (number,) in found]
    if not all(isinstance(number, int) for number in numbers):
        raise Unreadable
    return numbers


def _statements(op: Operation, numbers: Sequence[int]) -> Iterator[Statement]:
    for first in range(0, len(numbers), READ_AT_ONCE):
        found = op.all(_ENTRIES, numbers=numbers[first : first + READ_AT_ONCE])
        bodiless = {row.patient_id for row in found if row.body is None} - {None}
        erased = dict(iter(op.all(_ERASED, patients=list(bodiless)))) if bodiless else {}
        for row in found:
            content = _object(row.body)
            body = None if row.operation == ERASURE else content
            yield Statement(
                row.number,
                row.at,
                row.resource,
                row.resource_id,
                row.reason,
                body,
                destroyed=content is None and erased.get(row.patient_id, 0) < row.number,
            )


def _object(body: str | None) -> dict[str, Any] | None:
    """Return the JSON object in a body; None if somebody removed or spoilt it."""
    try:
        found = None if body is None else from_json(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
