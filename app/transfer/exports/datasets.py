"""Every dataset: its columns, its rows, and the patients in it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Select, and_

from app.core.operation import Operation, rows
from app.kinds import AS_TABLES
from app.records.kinds import Kind
from app.records.registry import by_kind
from app.sessions.models import TreatmentSession
from app.transfer.exports import progress
from app.transfer.exports.columns import (
    PSEUDONYM,
    SAME,
    Apart,
    Column,
    Decided,
    Own,
    check_decided,
    columns,
)
from app.transfer.exports.declared import PARTS, TABLES, Part, Table

Rows = Iterator[Sequence[Sequence[Any]]]
"""Rows of cells, a batch at a time."""

BATCH_ROWS: Final = 2_000
REFERENCES: Final = {
    "patient_id": "patients",
    "episode_id": "episodes",
    "session_id": "sessions",
    "practitioner_id": "practitioners",
}
"""The dataset whose `id` a column of this name refers to."""


@dataclass(frozen=True)
class Dataset:
    """One table of an export. Its rows are ordered by its key."""

    name: str
    about: str
    declare: Callable[[], tuple[Column, ...]]
    """Declares its columns. They are only needed in an export, and take long to derive."""
    key: tuple[str, ...]
    patients: Select[Any] | None
    """Selects the ids of the patients in it; None where it has no patients."""
    own: Select[Any] | None = None
    """Selects its rows; None if they come from `computed`."""
    computed: Callable[[Operation], Rows] | None = field(default=None)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Its columns, in their order."""
        return self.declare()

    def rows(self, op: Operation, columns: Sequence[Column] | None = None) -> Rows:
        """The cells of these columns, or of all, within the operation's snapshot."""
        if self.own is not None:
            sources = [column.source for column in columns or self.columns]
            return op.partitions(self.own.with_only_columns(*sources), BATCH_ROWS)
        if self.computed is None:
            raise AssertionError
        return _picked(self.computed(op), [self.columns.index(c) for c in columns or self.columns])


def _picked(rows: Rows, places: Sequence[int]) -> Rows:
    """The cells at these places of each row."""
    cells = itemgetter(*places)
    for batch in rows:
        yield [cells(row) for row in batch]


def _of_kind(kind: Kind[Any, Any], table: Table) -> Iterator[Dataset]:
    """The table of a kind, and the tables of its parts.

    It has one row for each record, ordered by id, which means by age.
    """
    name = kind.noun.replace("_", "-")
    declare = partial(_columns_of_kind, kind, table)
    own = rows(kind.table).order_by(kind.table.id)
    yield Dataset(name, table.about, declare, ("id",), _patients_of(kind), own)
    for how in table.decided.values():
        if isinstance(how, Apart):
            yield _of_part(how.table, PARTS[how.table])


def _columns_of_kind(kind: Kind[Any, Any], table: Table) -> tuple[Column, ...]:
    check_decided(kind.noun, kind.view, table.decided)
    return columns(kind.table, (kind.body, kind.view), table.decided)


def _patients_of(kind: Kind[Any, Any]) -> Select[Any] | None:
    """Selects the ids of the patients with records of this kind; None if it has no patient."""
    own = kind.table.__table__.c
    patient_id = own.id if kind.noun == "patients" else own.get("patient_id")
    return None if patient_id is None else rows(kind.table, patient_id).distinct()


def _of_part(name: str, part: Part) -> Dataset:
    """One row for each part of a session that is not void, ordered by session and position."""
    session, table = TreatmentSession, part.table
    own = (
        rows(table)
        .join_from(
            table,
            session,
            and_(session.clinic_id == table.clinic_id, session.id == table.session_id),
        )
        .where(session.status != "void")
    )
    patients = own.with_only_columns(session.patient_id).distinct()
    ordered = own.order_by(table.session_id, table.position)
    return Dataset(
        name,
        part.about,
        partial(_columns_of_part, name, part),
        ("session_id", "position"),
        patients,
        ordered,
    )


def _columns_of_part(name: str, part: Part) -> tuple[Column, ...]:
    check_decided(name, part.model, part.decided)
    session, table = TreatmentSession, part.table
    status = Own(
        session.__table__.c.status, SAME, "The session's status: a draft may still change."
    )
    patient = Own(session.__table__.c.patient_id, PSEUDONYM, "The patient's id.")
    place = Own(table.__table__.c.position, SAME, "The position within the session, from 0.")
    whole: Decided = {
        "session_id": PSEUDONYM,
        "position": place,
        "patient_id": patient,
        "session_status": status,
        **part.decided,
    }
    return columns(table, (part.model,), whole)


_TABLES: Final = by_kind("a table export", AS_TABLES, TABLES)
DATASETS: Final = (
    *(dataset for kind in AS_TABLES for dataset in _of_kind(kind, _TABLES[kind.noun])),
    Dataset(
        "progress",
        "How much each measure of a patient changed, with the values of"
        " `GET /v1/patients/{patient_id}/progress`. One row covers the whole history (`episode_id`"
        " is null), and one row each episode.",
        lambda: progress.COLUMNS,
        (),
        progress.PATIENTS,
        computed=progress.measures,
    ),
)
BY_NAME: Final = {dataset.name: dataset for dataset in DATASETS}
