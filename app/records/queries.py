"""Read records of any kind: one, several or a page."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam

from app.core.db.dialects import among
from app.core.http.pages import Filters, ids_of_page, page
from app.core.operation import Operation, rows
from app.core.values.problems import Invalid, NotFound, Unreadable
from app.ledger import service as ledger
from app.records import marks, wording
from app.records.kinds import Kind, V
from app.vocabularies.queries import Words


def record_for_answer(op: Operation, kind: Kind[Any, V], id: UUID) -> V:
    """Return one record for an answer, and record the access. `NotFound` if there is none."""
    view = kind.answer_of(op.one(kind.select_one, id=id))
    record_access(op, kind, view)
    mark(op, kind, [view])
    return view


def mark(op: Operation, kind: Kind[Any, V], views: Sequence[V]) -> None:
    """Mark those records in the answer that are known to differ from the ledger."""
    op.differing += [v["id"] for v in views if marks.marked(op.clinic_id, kind.noun, v["id"])]


def mark_of_patient(op: Operation, patient_id: UUID, kinds: Iterable[Kind[Any, Any]]) -> None:
    """Mark a patient's records of these kinds that are known to differ from the ledger.

    It is for an answer that is computed from them.
    """
    for kind in kinds:
        ids = marks.known(op.clinic_id, kind.noun)
        if ids:
            found = op.all(_of_patient(kind), patient_id=patient_id, ids=ids)
            op.differing += [id_ for (id_,) in found]


@lru_cache(maxsize=32)
def _of_patient(kind: Kind[Any, Any]) -> Select[Any]:
    table: Any = kind.table
    return rows(table, table.id).where(
        table.patient_id == bindparam("patient_id"), among(table.id, "ids")
    )


def record_access(op: Operation, kind: Kind[Any, V], view: V) -> None:
    """Record that the caller saw a record, if it is a patient's."""
    patient_id = kind.patient_of(view)
    if patient_id is not None:
        ledger.record_access(op, kind.noun, view["id"], patient_id, view["version"])


def _record_patient_access(op: Operation, kind: Kind[Any, V], views: Sequence[V]) -> None:
    """Record that the caller saw a list with something about each of these patients."""
    ledger.record_patient_access(op, (kind.patient_of(view) for view in views))


def records_for_answer(op: Operation, kind: Kind[Any, V], ids: Sequence[UUID]) -> list[V]:
    """Return the records with these ids for an answer, and record the access.

    Ids that this clinic doesn't have are left out.
    """
    views = [kind.answer_of(row) for row in op.all(kind.select_among, ids=ids)] if ids else []
    _record_patient_access(op, kind, views)
    mark(op, kind, views)
    return views


def record(op: Operation, kind: Kind[Any, V], id: UUID) -> V:
    """Return one record for the server's own use. `NotFound` if there is none."""
    return kind.view_of(op.one(kind.select_one, id=id))


def check_exists(op: Operation, kind: Kind[Any, V], id: UUID) -> None:
    """Raise `NotFound` if there is no such record. It needn't be one that can be read."""
    if not op.all(kind.select_one.with_only_columns(kind.table.id), id=id):
        raise NotFound


def records(
    op: Operation, kind: Kind[Any, V], filters: Filters, **more: object
) -> tuple[list[V], str | None]:
    """Return a page of records that meet every filter, and the next page's cursor.

    The access is recorded. Raises `Invalid` for a word that its vocabulary doesn't have.
    """
    words = Words(op, inactive=True)
    faults = list(wording.faults(words, filters))
    if faults:
        raise Invalid(faults, "query")
    filters = wording.coded(words, filters)
    values = {**filters.values(), **more}
    present = frozenset(kind.conditions.keys() & values.keys())
    statement = kind.select_list(present, further=filters.cursor is not None)
    try:
        found, cursor = page(op, statement, kind.order, filters, **values)
        views = [kind.answer_of(row) for row in found]
    except Unreadable:
        op.doubted += ids_of_page(op, statement, kind.order, filters, **values)
        raise
    _record_patient_access(op, kind, views)
    mark(op, kind, views)
    return views, cursor
