"""A patient's timeline: records of all kinds in one list, newest first."""

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Label, Select, bindparam, literal_column, select, union_all

from app.core.http.pages import Filters, Order, page
from app.core.operation import Operation, rows
from app.kinds import ON_TIMELINE
from app.patients.models import Patient
from app.progress.views import TimelineItem
from app.records.kinds import Kind
from app.records.queries import records_for_answer

_PATIENT = rows(Patient, Patient.id).where(Patient.id == bindparam("patient_id"))


class TimelineKind(NamedTuple):
    """A kind of record on the timeline, and the column with its time."""

    kind: Kind[Any, Any]
    at: Any

    def newest(self, *, further: bool) -> Select[Any]:
        """The time and id of a patient's newest records of this kind, at most one page of them."""
        table: Any = self.kind.table
        noun: Label[str] = literal_column(f"'{self.kind.noun}'").label("noun")
        own = rows(table, self.at.label("at"), table.id.label("id"), noun).where(
            table.patient_id == bindparam("patient_id")
        )
        order = Order((self.at, table.id), descending=True)
        return select((order.after(own) if further else order.start(own)).subquery())


_KINDS = [TimelineKind(kind, kind.appears.timeline) for kind in ON_TIMELINE]


def _newest(*, further: bool) -> tuple[Order, Select[Any]]:
    """The statement for one page over all kinds.

    It sorts one page of each kind, never a patient's whole history.
    """
    every = union_all(*(kind.newest(further=further) for kind in _KINDS)).subquery()
    order = Order((every.c.at, every.c.id), descending=True)
    return order, order.start(select(every))


_FIRST, _FURTHER = _newest(further=False), _newest(further=True)


def timeline(
    op: Operation, patient_id: UUID, filters: Filters
) -> tuple[list[TimelineItem], str | None]:
    """A page of a patient's timeline, newest first, and the cursor of the next page.

    `NotFound` where this clinic has no such patient.
    """
    op.one(_PATIENT, patient_id=patient_id)
    order, statement = _FIRST if filters.cursor is None else _FURTHER
    entries, cursor = page(op, statement, order, filters, patient_id=patient_id)
    items: dict[UUID, TimelineItem] = {}
    for kind, at in _KINDS:
        ids = [row.id for row in entries if row.noun == kind.noun]
        for record in records_for_answer(op, kind, ids):
            items[record["id"]] = {
                "type": kind.singular,
                "at": record[at.key],
                "id": record["id"],
                "record": record,
            }
    return [items[row.id] for row in entries], cursor
