"""Check that a clinic's ledger in the database is consistent.

The same checks as an auditor's on an export, but without the signatures: for a restored backup.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam

from app.core.operation import Operation, rows
from app.core.values.problems import LedgerDamaged
from app.ledger.export import COLUMNS, READ_AT_ONCE, exported
from app.ledger.format import entry
from app.ledger.format.lines import PUBLIC
from app.ledger.format.note import Checkpoint, Note
from app.ledger.format.tree import TILE, TILE_LEVEL, Range, subtree
from app.ledger.models import LedgerCheckpoint, LedgerEntry, LedgerHead, LedgerTile

_HEAD = rows(LedgerHead, LedgerHead.size)
_NOTES = rows(LedgerCheckpoint, LedgerCheckpoint.note).order_by(LedgerCheckpoint.size)
_ENTRIES = (
    rows(LedgerEntry, *COLUMNS, LedgerEntry.leaf)
    .where(LedgerEntry.number > bindparam("after"))
    .order_by(LedgerEntry.number)
    .limit(READ_AT_ONCE)
)
_TILE = rows(LedgerTile).where(
    LedgerTile.level == bindparam("level"), LedgerTile.position == bindparam("position")
)
_DIGEST = PUBLIC.index("body_digest")


def faults(op: Operation) -> Iterator[str]:
    """Yield each inconsistency in the ledger of the operation's clinic, as a sentence.

    Entries must have no gaps and hash to their leaves, and bodies to their digests. The counter,
    the tiles and every stored checkpoint must agree with them.
    """
    head = op.first(_HEAD)
    size = 0 if head is None else int(head.size)
    notes = [Checkpoint.parse(Note.parse(row.note.encode()).text) for row in op.all(_NOTES)]
    tree = Range(0, size, [], [note.size for note in notes])
    found = _read(op, tree)
    if found is None and tree.end != size:
        found = f"The ledger has {tree.end:,} entries, but its counter says {size:,}."
    if found is not None:
        yield found
        return
    for note in notes:
        if note.size > size or tree.root_at(note.size) != note.root:
            yield f"The entries don't match the checkpoint of {note.size:,} entries."


def _read(op: Operation, tree: Range) -> str | None:
    """Feed every entry to the tree; returns the fault of the first wrong entry, or None."""
    filling: dict[int, list[bytes]] = defaultdict(list)
    while found := op.all(_ENTRIES, after=tree.end):
        for row in found:
            fault = _fault(row, tree.end + 1)
            if fault is not None:
                return fault
            tree.add(row.leaf)
            if not _tiles_agree(op, tree.end, filling, row.leaf):
                return f"A tile of the tree doesn't match the entries up to {tree.end:,}."
    return None


def _tiles_agree(
    op: Operation, end: int, filling: dict[int, list[bytes]], digest: bytes, level: int = 0
) -> bool:
    """Add a hash to the tile being filled. Once full, compare it with the stored tile.

    Then add the tile's hash to the next level. Returns whether all compared tiles agree.
    """
    tile = filling[level]
    tile.append(digest)
    if len(tile) < TILE:
        return True
    filling[level] = []
    over_all = subtree(tile)
    position = (end >> TILE_LEVEL * (level + 1)) - 1
    stored = op.first(_TILE, level=level, position=position)
    if stored is not None and (stored.hashes, stored.over_all) != (b"".join(tile), over_all):
        return False
    return _tiles_agree(op, end, filling, over_all, level + 1)


def _fault(row: Sequence[Any], number: int) -> str | None:
    *stored, leaf = row
    try:
        exported_entry = exported(stored)
    except LedgerDamaged as damage:
        return damage.finding
    if exported_entry.number != number:
        return f"Entry {number:,} is missing."
    if entry.leaf(exported_entry.public) != leaf:
        return f"Entry {number:,} was altered."
    digest = stored[_DIGEST]
    if (
        exported_entry.body is not None
        and entry.body_digest(exported_entry.salt or b"", exported_entry.body) != digest
    ):
        return f"The body of entry {number:,} was altered."
    return None
