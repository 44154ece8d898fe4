"""Exports: one moment of a clinic, recorded in the ledger before anybody sees it."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.core.db.database import Database
from app.core.http.streams import Pieces
from app.core.operation import Operation, perform
from app.ledger import service as ledger
from app.transfer.exports.datasets import BY_NAME, Dataset
from app.transfer.exports.formats import Format
from app.transfer.exports.records import NAME, records
from app.transfer.exports.research import deidentified

SHIFTED_ZONE: Final = ZoneInfo("UTC")
"""Shifted times are local times already, written as UTC."""
ACCOUNTED_AT_ONCE: Final = 250
"""Access entries in one transaction. During it, nobody else in the clinic can write, and on SQLite
nobody at all."""


@contextmanager
def snapshot(database: Database, op: Operation) -> Generator[Operation, None, None]:
    """A copy of the operation in which every query sees the clinic at the same moment."""
    with database.snapshot(op.clinic_id) as db:
        reading = replace(op)
        reading.begin(db)
        yield reading


def account(database: Database, reading: Operation, datasets: Iterable[Dataset], what: str) -> None:
    """Record and commit an access to each patient in any of these datasets.

    Each patient gets an access entry, as with a list. So a patient's disclosures remain a simple
    query of the ledger, and name an export only if the patient was in it. The patients come from
    the snapshot of the export, so the export shows nobody without an entry. If the export then
    fails, the ledger has more accesses than took place, never fewer.
    """
    op = replace(reading)
    seen: set[Any] = set()
    for dataset in datasets:
        if dataset.patients is None:
            continue
        for some in reading.partitions(dataset.patients, ACCOUNTED_AT_ONCE, as_of=reading.at):
            new = [patient_id for (patient_id,) in some if patient_id not in seen]
            if new:
                work = partial(ledger.record_patient_access, op, new, what)
                perform(database, op, work, bulk=bool(seen))
            seen.update(new)


def export_records(database: Database, op: Operation) -> Pieces:
    """Every record, for an import elsewhere. Records the access to every patient first."""
    with snapshot(database, op) as reading:
        account(database, reading, [BY_NAME["patients"]], f"{NAME}.ndjson")
        yield from records(reading)


def export(database: Database, op: Operation, dataset: Dataset, form: Format) -> Pieces:
    """A dataset, piece by piece. Records the access to every patient in it first."""
    with snapshot(database, op) as reading:
        account(database, reading, [dataset], f"{dataset.name}.{form.name}")
        yield from form.write(dataset.columns, dataset.rows(reading), reading.zone)


def export_for_research(
    database: Database, op: Operation, dataset: Dataset, form: Format, key: bytes
) -> Pieces:
    """A de-identified dataset, piece by piece. Records the export in the ledger first."""
    with snapshot(database, op) as reading:
        account_for_research(database, op, f"{dataset.name}.{form.name}")
        research = deidentified(dataset, key)
        yield from form.write(research.columns, research.rows(reading), SHIFTED_ZONE)


def account_for_research(database: Database, op: Operation, what: str) -> None:
    """Record and commit one access to de-identified data, which names no patient."""
    entered = replace(op)
    perform(
        database, entered, lambda: ledger.record_aggregate_access(entered, f"{what}, de-identified")
    )
