"""Taking data out: one moment of a clinic, accounted for before anybody sees it."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from app.core.db.database import Database
from app.core.http.streams import Pieces
from app.core.operation import Operation, perform
from app.ledger import service as ledger
from app.transfer.exports.datasets import BY_NAME, Dataset
from app.transfer.exports.formats import Format
from app.transfer.exports.records import NAME, records
from app.transfer.exports.research import blinded

ACCOUNTED_AT_ONCE: Final = 1_000
"""How many patients are entered in one transaction: meanwhile nobody else in the clinic writes."""


@contextmanager
def snapshot(database: Database, op: Operation) -> Generator[Operation, None, None]:
    """The operation, to read by: each query sees the clinic as it was at the first one."""
    with database.snapshot(op.clinic_id) as db:
        reading = replace(op)
        reading.begin(db)
        yield reading


def account(database: Database, reading: Operation, datasets: Iterable[Dataset], what: str) -> None:
    """Enter a look at each patient in any of these datasets, and commit.

    An entry for each, as a list leaves: so a patient's account stays a plain question to the
    ledger, and tells of an export only where the patient was in it. They come from the snapshot
    itself, so nobody is shown who isn't entered. If the export then fails, more is entered than
    was seen, never less.
    """
    op = replace(reading)
    seen: set[Any] = set()
    for dataset in datasets:
        if dataset.patients is None:
            continue
        for some in reading.partitions(dataset.patients, ACCOUNTED_AT_ONCE, as_of=reading.at):
            new = [patient_id for (patient_id,) in some if patient_id not in seen]
            seen.update(new)
            if new:
                perform(database, op, lambda new=new: ledger.record_patient_access(op, new, what))  # type: ignore[misc]


def export_records(database: Database, op: Operation) -> Pieces:
    """Every record, to be imported elsewhere. Every patient is in the ledger before the first."""
    with snapshot(database, op) as reading:
        account(database, reading, [BY_NAME["patients"]], f"{NAME}.ndjson")
        yield from records(reading)


def export(database: Database, op: Operation, dataset: Dataset, form: Format) -> Pieces:
    """A dataset, piece by piece. Whoever is in it is in the ledger before the first one."""
    with snapshot(database, op) as reading:
        account(database, reading, [dataset], f"{dataset.name}.{form.name}")
        yield from form.write(dataset.columns, dataset.rows(reading))


def export_for_research(
    database: Database, op: Operation, dataset: Dataset, form: Format, key: bytes
) -> Pieces:
    """A dataset in which nobody can be told. That it was taken out is in the ledger first."""
    with snapshot(database, op) as reading:
        note(database, op, f"{dataset.name}.{form.name}")
        shown = blinded(dataset, key)
        yield from form.write(shown.columns, shown.rows(reading))


def note(database: Database, op: Operation, what: str) -> None:
    """Enter that something was taken out in which nobody can be told, and commit."""
    entered = replace(op)
    perform(
        database, entered, lambda: ledger.record_aggregate_access(entered, f"{what}, de-identified")
    )
