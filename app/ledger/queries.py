"""Read the ledger: the change feed, the versions of records, entries and disclosures."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import BigInteger, Connection, Row, Select, bindparam, func, select

from app.auth.actors import Actors, named
from app.core.db.dialects import among
from app.core.http.pages import Filters, Order, page
from app.core.operation import Operation, rows
from app.core.values.problems import LedgerDamaged, NotFound, Unreadable
from app.ledger import tiles
from app.ledger.errors import CursorSuperseded
from app.ledger.models import LedgerEntry, LedgerHead
from app.ledger.schemas import ChangeView, DisclosureView, EntryView
from app.ledger.service import in_emergency, record_access

CURSOR_LEAF_BYTES: Final = 8
CHUNK: Final = 200
LATE: Final = timedelta(minutes=10)
"""How long after the end of emergency access an entry may follow that was begun before."""
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
        # Two records of different kinds may have the same id, because clients choose ids too.
        LedgerEntry.resource == bindparam("resource"),
        LedgerEntry.resource_id == bindparam("resource_id"),
        LedgerEntry.version > bindparam("after"),
    )
    .order_by(LedgerEntry.version)
    .limit(bindparam("wanted"))
)
_MAKERS = (
    rows(
        LedgerEntry,
        *(LedgerEntry.version, LedgerEntry.operation, LedgerEntry.at),
        *(LedgerEntry.actor, LedgerEntry.reason),
    )
    .where(
        LedgerEntry.kind == "change",
        LedgerEntry.resource == bindparam("resource"),
        LedgerEntry.resource_id == bindparam("resource_id"),
    )
    .order_by(LedgerEntry.version)
)
_HISTORIES = (
    rows(LedgerEntry)
    .where(
        LedgerEntry.kind == "change",
        LedgerEntry.resource == bindparam("resource"),
        among(LedgerEntry.resource_id, "ids"),
    )
    .order_by(LedgerEntry.resource_id, LedgerEntry.version)
)
_CONDITIONS = {
    "at_from": LedgerEntry.at >= bindparam("at_from"),
    "at_to": LedgerEntry.at < bindparam("at_to"),
} | {
    name: LedgerEntry.__table__.c[name] == bindparam(name)
    for name in ("kind", "actor", "patient_id", "operation", "resource", "resource_id")
}
_OLDEST_FIRST = Order((LedgerEntry.number,))
_NEWEST_FIRST = Order((LedgerEntry.number,), descending=True)
_ABOUT = rows(LedgerEntry, LedgerEntry.number).where(
    LedgerEntry.patient_id == bindparam("patient_id")
)
_SECURITY = (
    rows(LedgerEntry, LedgerEntry.at)
    .where(LedgerEntry.kind == "security", LedgerEntry.operation == bindparam("operation"))
    .order_by(LedgerEntry.number.desc())
    .limit(1)
)
_OF_PATIENT = _ABOUT.with_only_columns(LedgerEntry.resource_id).where(LedgerEntry.kind == "change")
_STATES = (
    rows(
        LedgerEntry,
        LedgerEntry.resource,
        LedgerEntry.resource_id,
        func.max(LedgerEntry.number).filter(LedgerEntry.at <= bindparam("at")),
        func.max(LedgerEntry.number),
    )
    .where(LedgerEntry.kind == "change", among(LedgerEntry.resource_id, "ids"))
    .group_by(LedgerEntry.resource, LedgerEntry.resource_id)
)
_BODIES = rows(LedgerEntry, LedgerEntry.number, LedgerEntry.resource, LedgerEntry.body).where(
    LedgerEntry.number.in_(bindparam("numbers", expanding=True))
)
_FIRST_ABOUT = (
    rows(LedgerEntry, LedgerEntry.number)
    .where(LedgerEntry.resource_id == bindparam("resource_id"), LedgerEntry.kind == "security")
    .order_by(LedgerEntry.number)
    .limit(1)
)
_FOLLOWING = (
    rows(
        LedgerEntry, LedgerEntry.number, LedgerEntry.at, LedgerEntry.patient_id, LedgerEntry.reason
    )
    .where(LedgerEntry.number > bindparam("after", type_=BigInteger))
    .order_by(LedgerEntry.number)
    .limit(CHUNK)
)
# Like the look-up of a token, this query can't filter by clinic: it lists the clinics.
_CLINICS = select(LedgerHead.clinic_id).order_by(LedgerHead.clinic_id)
_LEAF = rows(LedgerEntry, LedgerEntry.leaf).where(LedgerEntry.number == bindparam("number"))


class Changes(NamedTuple):
    """A page of the change feed."""

    items: list[ChangeView]
    cursor: str
    """Where the feed continues: see `cursor_of`."""
    more: bool
    """Whether there are more changes now."""


def changes(op: Operation, after: str, limit: int) -> Changes:
    """Up to `limit` changes after the cursor `after`, oldest first.

    Raises `CursorSuperseded` if the ledger was set back since the cursor was made.
    """
    number, cursor = _resume(op, after)
    found = _all(op, _CHANGES, after=number, wanted=limit + 1)
    page = found[:limit]
    if page:
        cursor = cursor_of(page[-1].number, page[-1].leaf)
    return Changes([change_of(row) for row in page], cursor, len(found) > limit)


def cursor_of(number: int, leaf: bytes) -> str:
    """The cursor after an entry: its number, and the first 16 hex digits of its leaf.

    Another ledger with an entry of the same number has another leaf there. So a reader notices
    a restored backup, although nothing is stored about readers.
    """
    return f"{number}.{leaf[:CURSOR_LEAF_BYTES].hex()}"


def _resume(op: Operation, cursor: str) -> tuple[int, str]:
    """The number that a cursor continues after, and the cursor as answers give it."""
    number = int(cursor.partition(".")[0])
    if number == 0:
        return 0, "0"
    there = leaf(op, number)
    if there is None:
        if number <= tiles.size(op.db, op.clinic_id):
            raise LedgerDamaged(f"Entry {number} is missing.")
        raise CursorSuperseded(
            "The ledger ends before this cursor. Either it is not from an answer, or a restored"
            f" backup set the ledger back. {CursorSuperseded.remedy}"
        )
    found = cursor_of(number, there)
    if "." in cursor and cursor != found:
        raise CursorSuperseded
    return number, found


def change_of(row: Row[Any]) -> ChangeView:
    """Return a change as readers get it. `LedgerDamaged` if its body was altered."""
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
        "body": _body(row),
    }


def _body(row: Row[Any]) -> dict[str, Any] | None:
    """The body of an entry; None if it has none any more."""
    if row.body is None:
        return None
    try:
        body = from_json(row.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise LedgerDamaged(f"The body of entry {row.number} was altered.")
    return body


def _all(op: Operation, statement: Select[Any], **values: object) -> Sequence[Row[Any]]:
    """The rows of a query; `LedgerDamaged` if one holds a value that its column can't have."""
    try:
        return op.all(statement, **values)
    except Unreadable as error:
        raise LedgerDamaged("An entry can't be read.") from error


def versions(
    op: Operation, resource: str, id: UUID, after: int, limit: int
) -> tuple[list[ChangeView], bool]:
    """Up to `limit` versions of one record after version `after`; and whether there are more.

    Writes an access entry for every patient whom these versions were about.
    """
    found = _all(op, _VERSIONS, resource=resource, resource_id=id, after=after, wanted=limit + 1)
    _record_versions_access(op, found[:limit])
    return [change_of(row) for row in found[:limit]], len(found) > limit


def histories(op: Operation, resource: str, ids: Sequence[UUID]) -> dict[UUID, list[ChangeView]]:
    """Every version of some records of one kind, by id; writes the access entries of `versions`."""
    found = _all(op, _HISTORIES, resource=resource, ids=ids) if ids else []
    _record_versions_access(op, found)
    by_id: dict[UUID, list[ChangeView]] = {}
    for row in found:
        by_id.setdefault(row.resource_id, []).append(change_of(row))
    return by_id


def makers(op: Operation, resource: str, id: UUID) -> Sequence[Row[Any]]:
    """Who made each version of a record, when, by which operation and why; without its content."""
    return _all(op, _MAKERS, resource=resource, resource_id=id)


def _record_versions_access(op: Operation, versions: Sequence[Row[Any]]) -> None:
    """Write an access entry for each patient whom these versions were about.

    An earlier version of a record may name another patient, if it was entered under a wrong one.
    """
    accounted = {entry.patient_id for entry in op.entries}
    for row in versions:
        if row.patient_id is not None and row.patient_id not in accounted:
            accounted.add(row.patient_id)
            record_access(op, row.resource, row.resource_id, row.patient_id, row.version)


def version(op: Operation, resource: str, id: UUID, number: int) -> Mapping[str, object] | None:
    """One record in version `number`; None if there is no such version, or its body was erased."""
    found = _all(op, _VERSIONS, resource=resource, resource_id=id, after=number - 1, wanted=1)
    return _body(found[0]) if found and found[0].version == number else None


class Since(NamedTuple):
    """What changed in some records after an instant."""

    changed: dict[UUID, tuple[str, Mapping[str, object] | None]]
    """Records that existed then and have changed: their kind, and their body at that time; None for
    an erased body."""
    new: dict[UUID, str]
    """Records that didn't exist yet: their kind."""


def since(op: Operation, at: datetime, patient_id: UUID, more: Sequence[UUID]) -> Since:
    """What changed after `at` in the records of a patient, and in those with an id in `more`."""
    # Not DISTINCT: without statistics, SQLite would walk the index that has the ids in order.
    ids = {row.resource_id for row in op.all(_OF_PATIENT, patient_id=patient_id)}
    changed: dict[int, UUID] = {}
    found = Since({}, {})
    for resource, id, then, last in op.all(_STATES, at=at, ids=list(ids.union(more))):
        if then is None:
            found.new[id] = resource
        elif then != last:
            changed[then] = id
    for row in _all(op, _BODIES, numbers=list(changed)) if changed else ():
        found.changed[changed[row.number]] = (row.resource, _body(row))
    return found


def entries(op: Operation, filters: Filters) -> tuple[list[EntryView], str | None]:
    """A page of entries, oldest first; and the next page's cursor."""
    asked = filters.values()
    statement = rows(LedgerEntry).where(*(_CONDITIONS[name] for name in asked))
    found, cursor = _page(op, statement, _OLDEST_FIRST, filters, asked)
    return [_entry(row) for row in found], cursor


def disclosures(
    op: Operation, patient_id: UUID, filters: Filters
) -> tuple[list[DisclosureView], str | None]:
    """A page of who read a patient's data, newest first; `NotFound` for an unknown patient."""
    # Every patient has at least the entry of their creation.
    if op.first(_ABOUT.limit(1), patient_id=patient_id) is None:
        raise NotFound
    asked = {"patient_id": patient_id, "kind": "access"}
    statement = rows(LedgerEntry).where(*(_CONDITIONS[name] for name in asked))
    found, cursor = _page(op, statement, _NEWEST_FIRST, filters, asked)
    names = named(op, {row.actor for row in found}, {row.client for row in found})
    return [disclosure_of(row, names) for row in found], cursor


def last_security(op: Operation, operation: str) -> datetime | None:
    """When the clinic's ledger last got a security entry of this operation; None: never."""
    found = op.first(_SECURITY, operation=operation)
    return None if found is None else found.at


def clinic_ids(db: Connection) -> Sequence[UUID]:
    """Every clinic of this installation. For background work only."""
    return db.execute(_CLINICS).scalars().all()


def leaf(op: Operation, number: int) -> bytes | None:
    """The leaf hash of an entry; None without an entry, `LedgerDamaged` if it is no hash."""
    found = tiles.hash_rows(op.db, _LEAF, {"clinic": op.clinic_id, "number": number})
    return found[0].leaf if found else None


def state(op: Operation) -> dict[str, object]:
    """Which state of the ledger a transaction sees: the clinic, its size, the last entry's leaf."""
    size = tiles.size(op.db, op.clinic_id)
    last = leaf(op, size)
    if last is None:
        raise LedgerDamaged(f"Entry {size} is missing.")
    return {"clinic_id": str(op.clinic_id), "size": size, "leaf": last.hex()}


def _page(
    op: Operation, statement: Select[Any], order: Order, filters: Filters, asked: dict[str, Any]
) -> tuple[Sequence[Row[Any]], str | None]:
    prepared = order.start(statement) if filters.cursor is None else order.after(statement)
    try:
        return page(op, prepared, order, filters, **asked)
    except Unreadable as error:
        raise LedgerDamaged("An entry can't be read.") from error


def _entry(row: Row[Any]) -> EntryView:
    return {
        "number": row.number,
        "kind": row.kind,
        "operation": row.operation,
        "at": row.at,
        "actor": row.actor,
        "client": row.client,
        "request_id": row.request_id,
        "resource": row.resource,
        "resource_id": row.resource_id,
        "patient_id": row.patient_id,
        "version": row.version,
        "reason": row.reason,
        "body_digest": row.body_digest and row.body_digest.hex(),
        "leaf": row.leaf.hex(),
    }


def disclosure_of(row: Row[Any], names: Actors) -> DisclosureView:
    """Return a read of a patient's data, with the names of who read it."""
    return {
        "number": row.number,
        "at": row.at,
        "operation": row.operation,
        "actor": row.actor,
        "actor_name": names.actor(row.actor),
        "client": row.client,
        "client_name": names.client(row.client),
        "request_id": row.request_id,
        "resource": row.resource,
        "resource_id": row.resource_id,
        "version": row.version,
        "reason": row.reason,
    }


def patients_read_in_emergency(op: Operation, id: UUID, ends_at: datetime) -> int:
    """How many patients' data were read under this emergency access, by its access entries."""
    began = op.first(_FIRST_ABOUT, resource_id=id)
    after, seen, reason = 0 if began is None else began.number, set[UUID](), in_emergency(id)
    while True:
        found = op.all(_FOLLOWING, after=after)
        seen |= {
            row.patient_id
            for row in found
            if row.patient_id is not None and (row.reason or "").startswith(reason)
        }
        if len(found) < CHUNK or found[-1].at > ends_at + LATE:
            return len(seen)
        after = found[-1].number
