"""Reading records of any kind: one, a page, a version."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.core.http.pages import Filters, page
from app.core.operation import Operation
from app.ledger import service as ledger
from app.records.kinds import Kind, V


def shown(op: Operation, kind: Kind[Any, V], id: UUID) -> V:
    """One record as it is now, to answer with; `NotFound` where this clinic has none."""
    view = kind.answer_of(op.one(kind.select_one, id=id))
    saw(op, kind, view)
    return view


def saw(op: Operation, kind: Kind[Any, V], view: V) -> None:
    """Account for showing a record, if it is a patient's."""
    patient_id = kind.patient_of(view)
    if patient_id is not None:
        ledger.record_access(op, kind.noun, view["id"], patient_id, view["version"])


def _saw_patients(op: Operation, kind: Kind[Any, V], views: Sequence[V]) -> None:
    """Account for a list: it showed something of each of these patients."""
    ledger.record_patient_access(op, (kind.patient_of(view) for view in views))


def shown_among(op: Operation, kind: Kind[Any, V], ids: Sequence[UUID]) -> list[V]:
    """Those of the records with these ids that this clinic has, to answer with."""
    found = [kind.answer_of(row) for row in op.all(kind.select_among, ids=ids)] if ids else []
    _saw_patients(op, kind, found)
    return found


def record(op: Operation, kind: Kind[Any, V], id: UUID) -> V:
    """One record as it is now, to work with; `NotFound` where this clinic has none."""
    return kind.view_of(op.one(kind.select_one, id=id))


def records(
    op: Operation, kind: Kind[Any, V], filters: Filters, **more: object
) -> tuple[list[V], str | None]:
    """A page of records that meet every filter, to answer with, and the cursor behind it."""
    given = {**filters.values(), **more}
    present = frozenset(kind.conditions.keys() & given.keys())
    statement = kind.select_list(present, further=filters.cursor is not None)
    found, cursor = page(op, statement, kind.order, filters, **given)
    views = [kind.answer_of(row) for row in found]
    _saw_patients(op, kind, views)
    return views, cursor
