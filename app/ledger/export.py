"""The audit export of a clinic's ledger, from the database into a folder or a zip file."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import Connection, Row, Uuid, bindparam, func

from app.core.db.database import Database
from app.core.db.dialects import id_text
from app.core.db.tables import Instant
from app.core.http.streams import Pieces
from app.core.operation import Operation, perform, rows
from app.core.values.problems import LedgerDamaged
from app.ledger import signing, tiles
from app.ledger.format.blocks import ERASURE
from app.ledger.format.errors import EntryMissing, Overtaken
from app.ledger.format.folder import Export, Exported, into_folder, parts, zipped
from app.ledger.format.lines import PUBLIC
from app.ledger.format.note import Checkpoint, Note
from app.ledger.format.tree import outside
from app.ledger.models import LedgerCheckpoint, LedgerEntry
from app.ledger.service import canonical, record_ledger_access

READ_AT_ONCE = 1_000

_STORED = [LedgerEntry.__table__.c[name] for name in (*PUBLIC, "body", "salt")]
# Select ids as text, as they are exported: that saves creating a UUID for each.
COLUMNS = [id_text(c) if isinstance(c.type, Uuid) else c for c in _STORED]
_ENTRIES = (
    rows(LedgerEntry, *COLUMNS)
    .where(LedgerEntry.number > bindparam("after"), LedgerEntry.number <= bindparam("last"))
    .order_by(LedgerEntry.number)
    .limit(READ_AT_ONCE)
)
_ERASURE = (
    rows(LedgerEntry, LedgerEntry.number)
    .where(LedgerEntry.operation == ERASURE, LedgerEntry.number > bindparam("last"))
    .limit(1)
)
_EARLIER = (
    rows(LedgerCheckpoint)
    .where(LedgerCheckpoint.size >= bindparam("least"), LedgerCheckpoint.size < bindparam("most"))
    .order_by(LedgerCheckpoint.size)
)
_FIRST = rows(LedgerEntry, func.min(LedgerEntry.number)).where(
    LedgerEntry.at >= bindparam("begin", type_=Instant())
)
_LAST = rows(LedgerEntry, func.max(LedgerEntry.number)).where(
    LedgerEntry.at < bindparam("end", type_=Instant()), LedgerEntry.number <= bindparam("size")
)


class NothingToExport(ValueError):
    """The ledger has no entry between these instants."""


def archive(database: Database, op: Operation) -> Pieces:
    """The whole ledger as a zip file, in pieces."""
    with naming_damage():
        export = _begin(database, op, None, None)
        yield from zipped(parts(export, partial(_entries, database, op.clinic_id, export)))


@contextmanager
def naming_damage() -> Iterator[None]:
    """Raise `LedgerDamaged` where an entry is missing, or isn't one that this program wrote."""
    try:
        yield
    except (FileExistsError, Overtaken):
        raise
    except EntryMissing as error:
        raise LedgerDamaged(str(error)) from error
    except ValueError as error:
        raise LedgerDamaged("An entry isn't one that this program wrote.") from error


def folder(
    database: Database,
    op: Operation,
    directory: Path,
    begin: datetime | None = None,
    end: datetime | None = None,
    *,
    new_key: bool = False,
) -> Export:
    """Write the ledger, or its entries from `begin` up to `end`, into a folder.

    A new folder is readable only by this account, because it holds the records' contents. An
    unfinished export is continued up to the entry where it was to end. Raises `FileExistsError` if
    the folder holds anything else, `NothingToExport` without entries, `LedgerDamaged` if the ledger
    isn't complete, and `Overtaken` if a patient was erased meanwhile.
    """
    export = _resumed(database, op, directory) or _begin(database, op, begin, end, new_key=new_key)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with naming_damage():
        into_folder(directory, export, partial(_entries, database, op.clinic_id, export))
    return export


def _begin(
    database: Database,
    op: Operation,
    begin: datetime | None,
    end: datetime | None,
    *,
    new_key: bool = False,
) -> Export:
    """Begin a new export. Its own access entry is written first, so the export includes it."""
    signing.signers(op.clinic_id)
    perform(database, op, lambda: record_ledger_access(op, None))
    tiles.grow(database, op.clinic_id)
    checkpoint = signing.seal(database, op.clinic_id, op.at, new_key=new_key)
    size = Checkpoint.parse(checkpoint.text).size
    where = {"clinic": op.clinic_id, "size": size}
    with database.reading(op.clinic_id) as db:
        first = db.execute(_FIRST, {**where, "begin": begin}).scalar() if begin else 1
        last = db.execute(_LAST, {**where, "end": end}).scalar() if end else size
    if first is None or last is None or first > last:
        raise NothingToExport
    return _export(database, op, checkpoint, first, last)


def _resumed(database: Database, op: Operation, directory: Path) -> Export | None:
    """The interrupted export that the folder holds; None for a new folder."""
    there = {path.name for path in directory.iterdir()} if directory.exists() else set()
    if not there:
        return None
    try:
        bounds = json.loads((directory / "outside.json").read_bytes())
        checkpoint = Note.parse((directory / "checkpoint").read_bytes())
        origin = Checkpoint.parse(checkpoint.text).origin
        first, last = int(bounds["first"]), int(bounds["last"])
    except (OSError, ValueError, KeyError, TypeError):
        raise FileExistsError from None
    if "manifest" in there or origin != signing.origin(op.clinic_id):
        raise FileExistsError
    return _export(database, op, checkpoint, first, last)


def _export(database: Database, op: Operation, checkpoint: Note, first: int, last: int) -> Export:
    clinic_id = op.clinic_id
    size = Checkpoint.parse(checkpoint.text).size
    with database.reading(clinic_id) as db:
        where = {"clinic": clinic_id, "least": first - 1, "most": size}
        notes = db.execute(_EARLIER, where).all()
        earlier = {row.size: signing.stored_note(row.note).encode() for row in notes}
        beside = outside(first - 1, last, size, tiles.Tree(db, clinic_id, size))
    return Export(
        origin=signing.origin(clinic_id),
        first=first,
        last=last,
        made=to_jsonable_python(op.at),
        checkpoint=checkpoint.encode(),
        outside=beside,
        policy=signing.policy(clinic_id).encode(),
        sign=lambda text: signing.signed(clinic_id, text).encode(),
        earlier=earlier,
    )


def _entries(database: Database, clinic_id: UUID, export: Export, after: int) -> Iterator[Exported]:
    size = Checkpoint.parse(Note.parse(export.checkpoint).text).size
    while True:
        where = {"clinic": clinic_id, "after": after, "last": export.last}
        with database.reading(clinic_id) as db:
            found = _read(db, where)
            # An export of a part need not hold the erasures that explain missing bodies.
            if export.last == size and any(row.body_digest and row.body is None for row in found):
                _check_not_overtaken(db, clinic_id, size)
        yield from map(exported, found)
        if len(found) < READ_AT_ONCE:
            return
        after = found[-1].number


def _read(db: Connection, where: dict[str, Any]) -> Sequence[Row[Any]]:
    try:
        return db.execute(_ENTRIES, where).all()
    except (ValueError, TypeError):
        raise LedgerDamaged(f"An entry after number {where['after']} can't be read.") from None


def _check_not_overtaken(db: Connection, clinic_id: UUID, size: int) -> None:
    if db.execute(_ERASURE, {"clinic": clinic_id, "last": size}).first():
        raise Overtaken


def exported(row: Sequence[Any]) -> Exported:
    """The entry in a row of `COLUMNS`."""
    *values, body, salt = row
    public: dict[str, Any] = dict(zip(PUBLIC, values, strict=True))
    try:
        public["body_digest"] = public["body_digest"] and public["body_digest"].hex()
        salt = salt and bytes(salt)
        return Exported(public["number"], canonical(public), body and body.encode(), salt)
    except (AttributeError, TypeError, ValueError):
        raise LedgerDamaged(f"Entry {public['number']} can't be read.") from None
