"""Check that a clinic's ledger in the database is consistent.

The same checks as an auditor's on an export, but without the signatures: for a restored backup.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from sqlalchemy import bindparam, func

from app.core.operation import Operation, rows
from app.core.values.problems import LedgerDamaged, Unreadable
from app.ledger.export import COLUMNS, READ_AT_ONCE, exported
from app.ledger.format import entry
from app.ledger.format.lines import PUBLIC
from app.ledger.format.tree import TILE, TILE_LEVEL, Range, root, subtree
from app.ledger.models import LedgerCheckpoint, LedgerEntry, LedgerHead, LedgerTile
from app.ledger.signing import stored
from app.ledger.tiles import Tree

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
_OVER_ALL = (
    rows(LedgerTile, LedgerTile.over_all)
    .where(
        LedgerTile.level == bindparam("level"),
        LedgerTile.position.between(bindparam("first"), bindparam("last")),
    )
    .order_by(LedgerTile.position)
)
_NEWEST = rows(LedgerEntry, func.max(LedgerEntry.number).label("number"))
_LAST_NOTE = _NOTES.order_by(None).order_by(LedgerCheckpoint.size.desc()).limit(1)
_DIGEST = PUBLIC.index("body_digest")


def faults(op: Operation) -> Iterator[str]:
    """Yield each inconsistency in the ledger of the operation's clinic, as a sentence.

    Entries must have no gaps and hash to their leaves, and bodies to their digests. The counter,
    the tiles and every stored checkpoint must agree with them. What can't be read is a fault, too.
    """
    yield from _named(_faults(op))


def _faults(op: Operation) -> Iterator[str]:
    head = op.first(_HEAD)
    size = 0 if head is None else int(head.size)
    notes = [stored(row.note) for row in op.all(_NOTES)]
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


def part_faults(op: Operation, after: int, upto: int) -> Iterator[str]:
    """Yield what is wrong with the entries after `after`, up to `upto`, and with the counter.

    `after` is a multiple of 256. So all complete tiles over these entries are compared, and with
    them the newest checkpoint: it costs a few reads, however long the ledger is. What can't be read
    is a fault, too.
    """
    yield from _named(_part_faults(op, after, upto))


def _named(found: Iterator[str]) -> Iterator[str]:
    """Yield faults, and at last what kept the check from going on."""
    try:
        yield from found
    except LedgerDamaged as damage:
        yield damage.finding
    except (Unreadable, TypeError, ValueError):  # SQLite stores any value in any column
        yield "A part of the ledger can't be read."


def _part_faults(op: Operation, after: int, upto: int) -> Iterator[str]:
    head, newest, note = op.first(_HEAD), op.first(_NEWEST), op.first(_LAST_NOTE)
    size = 0 if newest is None or newest.number is None else int(newest.number)
    if head is None or head.size != size:
        yield "The counter of the ledger isn't that of its entries."
        return
    number = after
    leaves: list[bytes] = []
    while number < min(upto, size):
        found = op.all(_ENTRIES, after=number)
        for row in found:
            number += 1
            fault = _fault(row, number)
            if fault is not None:
                yield fault
                return
            leaves.append(row.leaf)
            if len(leaves) == TILE and not _stored_tiles_agree(op, number, leaves):
                yield f"A tile of the tree doesn't match the entries up to {number:,}."
                return
            leaves = [] if len(leaves) == TILE else leaves
    if note is not None:
        signed = stored(note.note)
        if signed.size > size:
            yield f"A checkpoint covers {signed.size:,} entries, but the ledger has {size:,}."
        elif root(signed.size, Tree(op.db, op.clinic_id, size)) != signed.root:
            yield f"The entries don't match the checkpoint of {signed.size:,} entries."


def _stored_tiles_agree(op: Operation, end: int, leaves: list[bytes]) -> bool:
    """Return whether the stored tiles that end with entry `end` hold what is below them."""
    hashes = leaves
    for level in count():
        span = TILE ** (level + 1)
        if end % span:
            return True
        position = end // span - 1
        if level:
            first, last = position * TILE, position * TILE + TILE - 1
            below = op.all(_OVER_ALL, level=level - 1, first=first, last=last)
            hashes = [hash_ for (hash_,) in below]
        tiles = op.all(_TILE, level=level, position=position)
        # The keeper stores a tile after its entries, so the newest may not be there yet.
        if not tiles:
            return True
        if (tiles[0].hashes, tiles[0].over_all) != (b"".join(hashes), subtree(hashes)):
            return False
    raise AssertionError


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
    wanted = (b"".join(tile), over_all)
    tiles = op.all(_TILE, level=level, position=position)
    if any((there.hashes, there.over_all) != wanted for there in tiles):
        return False
    return _tiles_agree(op, end, filling, over_all, level + 1)


def _fault(row: Sequence[Any], number: int) -> str | None:
    *columns, leaf = row
    try:
        exported_entry = exported(columns)
    except LedgerDamaged as damage:
        return damage.finding
    if exported_entry.number != number:
        return f"Entry {number:,} is missing."
    if entry.leaf(exported_entry.public) != leaf:
        return f"Entry {number:,} was altered."
    digest = columns[_DIGEST]
    if (
        exported_entry.body is not None
        and entry.body_digest(exported_entry.salt or b"", exported_entry.body) != digest
    ):
        return f"The body of entry {number:,} was altered."
    return None
