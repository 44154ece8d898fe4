"""Invariants of a clinic's records and ledger that hold after every fault of the server."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_jsonable_python
from sqlalchemy import Row

from app.core.operation import rows
from app.ledger.export import folder
from app.ledger.format.verify import verify
from app.ledger.models import LedgerEntry, LedgerHead
from app.records.registry import registry
from tests.faults.callers import Caller, Written
from tests.ground import Clinic

_ENTRIES = rows(LedgerEntry).order_by(LedgerEntry.number)
_HEAD = rows(LedgerHead)


def check_account(clinic: Clinic) -> None:
    """The ledger has no gaps, and its bodies equal the stored records."""
    op = clinic.operation()
    with clinic.database.reading(clinic.id) as db:
        op.begin(db)
        entries = op.all(_ENTRIES)
        head = op.first(_HEAD)
        stored = {
            (noun, row.id): to_jsonable_python(kind.view_of(row))
            for noun, kind in registry.items()
            for row in op.all(kind.select)
        }
    assert head is not None
    assert [entry.number for entry in entries] == list(range(1, head.size + 1))
    histories = _histories(entries)
    for history in histories.values():
        assert [entry.version for entry in history] == list(range(1, len(history) + 1))
        created = [entry.operation.endswith(".create") for entry in history]
        assert created == [True] + [False] * (len(history) - 1)
    told = {place: from_json(history[-1].body) for place, history in histories.items()}
    assert told == stored
    check_ledger(clinic)


def check_ledger(clinic: Clinic) -> None:
    """An auditor's check of an export of the ledger is clean."""
    with TemporaryDirectory() as directory:
        folder(clinic.database, clinic.operation("audit.export"), Path(directory))
        report = verify(Path(directory))
    assert report.verdict == "clean", report.text()


def _histories(entries: Iterable[Row[Any]]) -> dict[tuple[str, UUID], list[Row[Any]]]:
    histories = defaultdict(list)
    for entry in entries:
        if entry.kind == "change" and entry.resource in registry:
            histories[entry.resource, entry.resource_id].append(entry)
    return histories


def check_written(clinic: Clinic, written: Iterable[Written], wire: Caller) -> None:
    """No acknowledged change is lost, no change was made twice, and no key has two answers."""
    created: dict[str, list[Any]] = defaultdict(list)
    for one in written:
        assert one.answer.status in {200, 201}, one
        again = wire.once(one.method, one.path, one.body, **one.headers)
        assert (again.status, again.body) == (one.answer.status, one.answer.body)
        assert again.replayed
        if one.method == "POST":
            noun = "follow_ups" if one.path.endswith("/follow-ups") else one.path.split("/")[2]
            created[noun].append(UUID(one.answer.body["id"]))
    op = clinic.operation()
    with clinic.database.reading(clinic.id) as db:
        op.begin(db)
        for noun, ids in created.items():
            table = registry[noun].table
            stored = [row.id for row in op.all(rows(table, table.id))]
            assert sorted(stored) == sorted(ids)


def check_file(url: str) -> None:
    """SQLite's integrity check finds no fault in its file."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        db.close()
