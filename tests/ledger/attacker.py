"""An attacker who owns the database, with every kind of forgery that the ledger must reveal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_jsonable_python
from sqlalchemy import Connection, delete, insert, text, update
from sqlalchemy.orm import DeclarativeBase

from app.core.db.bulk import insert_rows
from app.core.operation import perform, rows
from app.core.values.clock import now, uuid7
from app.ledger import export, service, signing, tiles
from app.ledger.format import entry
from app.ledger.format.lines import PUBLIC
from app.ledger.format.note import Checkpoint, Note
from app.ledger.format.verify import verify
from app.ledger.models import LedgerCheckpoint, LedgerEntry, LedgerHead, LedgerTile
from tests.ground import Clinic

Stored = dict[str, Any]
"""A stored entry, by column."""
History = list[Stored]

_TRIGGERS = text(
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'ledger_%'"
)


def remember(clinic: Clinic, count: int) -> None:
    """Add so many entries to a clinic's ledger, each the first version of a record."""
    op = clinic.operation("patients.create")

    def work() -> None:
        for number in range(count):
            id_ = uuid7()
            view = {"id": id_, "version": 1, "language": f"en-{number}"}
            service.record(op, "patients", view, patient_id=id_)

    perform(clinic.database, op, work)


def seal(clinic: Clinic) -> Note:
    """Grow the tree, and let the server sign and store a checkpoint."""
    tiles.grow(clinic.database, clinic.id)
    return signing.seal(clinic.database, clinic.id, now())


def size_of(clinic: Clinic) -> int:
    """The number of entries that the ledger claims to have."""
    with clinic.database.reading(clinic.id) as db:
        return tiles.size(db, clinic.id)


def exported(clinic: Clinic, folder: Path) -> Path:
    """A new export of the whole ledger."""
    export.folder(clinic.database, clinic.operation("audit.export"), folder)
    return folder


def audited(
    clinic: Clinic, folder: Path, *, policy: Path | None = None, held: Path | None = None
) -> int:
    """The exit code of an auditor's check of a new export."""
    target = folder / f"export-{uuid7()}"
    return verify(exported(clinic, target), policy, held).exit


def kept(folder: Path, note: Note) -> Path:
    """A checkpoint, stored in the auditor's file."""
    file = folder / f"held-{Checkpoint.parse(note.text).size}-{uuid7()}"
    file.write_bytes(note.encode())
    return file


@contextmanager
def owning(clinic: Clinic) -> Iterator[Connection]:
    """A transaction of the database's owner without triggers, which are restored afterwards."""
    with clinic.database.owning() as db, db.begin():
        if db.dialect.name == "postgresql":
            db.exec_driver_sql("SET LOCAL session_replication_role = replica")
            yield db
            return
        triggers = db.execute(_TRIGGERS).all()
        assert triggers
        for name, _ in triggers:
            db.exec_driver_sql(f"DROP TRIGGER {name}")
        yield db
        for _, sql in triggers:
            db.exec_driver_sql(sql)


def history(clinic: Clinic) -> History:
    """Every stored entry, oldest first."""
    with clinic.database.reading(clinic.id) as db:
        found = db.execute(rows(LedgerEntry).order_by(LedgerEntry.number), {"clinic": clinic.id})
        return [dict(row) for row in found.mappings()]


def notes(clinic: Clinic) -> list[Stored]:
    """Every checkpoint that the server stored."""
    with clinic.database.reading(clinic.id) as db:
        found = db.execute(rows(LedgerCheckpoint), {"clinic": clinic.id})
        return [dict(row) for row in found.mappings()]


def touch(clinic: Clinic, number: int, **columns: Any) -> None:
    """Overwrite columns of one entry, like an attacker who doesn't know about the tree."""
    mine = (LedgerEntry.clinic_id == clinic.id, LedgerEntry.number == number)
    with owning(clinic) as db:
        done = db.execute(update(LedgerEntry).where(*mine).values(**columns))
        assert done.rowcount == 1


def drop(clinic: Clinic, number: int) -> None:
    """Delete one entry, and nothing else."""
    mine = (LedgerEntry.clinic_id == clinic.id, LedgerEntry.number == number)
    with owning(clinic) as db:
        assert db.execute(delete(LedgerEntry).where(*mine)).rowcount == 1


def forge(stored: Stored, **columns: Any) -> Stored:
    """The entry with other columns, and with the matching digest and leaf."""
    forged = {**stored, **columns}
    if forged["body"] is not None:
        forged["body_digest"] = entry.body_digest(forged["salt"], forged["body"].encode())
    public = {name: forged[name] for name in PUBLIC}
    public["body_digest"] = forged["body_digest"] and forged["body_digest"].hex()
    return {**forged, "leaf": entry.leaf(entry.canonical(to_jsonable_python(public)))}


def with_body(stored: Stored, **members: Any) -> Stored:
    """The entry with another body, and with all matching hashes."""
    body = entry.canonical({**from_json(stored["body"]), **members}).decode()
    return forge(stored, body=body)


def renumbered(entries: History) -> History:
    """The entries numbered without a gap, in this order."""
    return [forge(stored, number=number) for number, stored in enumerate(entries, 1)]


def rewrite(clinic: Clinic, change: Callable[[History], History], *, resign: bool = False) -> None:
    """Write another history into the tables, with matching tiles and size.

    Stored checkpoints that contradict it are deleted, or with the stolen key signed again.
    """
    entries = change(history(clinic))
    there = notes(clinic)
    with owning(clinic) as db:
        for table in (LedgerEntry, LedgerTile, LedgerCheckpoint):
            assert issubclass(table, DeclarativeBase)
            db.execute(delete(table).where(table.clinic_id == clinic.id))
        insert_rows(db, {LedgerEntry: entries})
        mine = LedgerHead.clinic_id == clinic.id
        db.execute(update(LedgerHead).where(mine).values(size=len(entries)))
        for row in there if resign else []:
            if row["size"] <= len(entries):
                note = signing.checkpoint(db, clinic.id, row["size"]).encode().decode()
                db.execute(insert(LedgerCheckpoint), {**row, "note": note})
    tiles.grow(clinic.database, clinic.id)


def edited(number: int) -> Callable[[History], History]:
    """A history in which one entry names another actor."""

    def change(entries: History) -> History:
        entries[number - 1] = forge(entries[number - 1], actor="client:somebody-else")
        return entries

    return change
