"""The stored tree of a clinic's ledger: complete tiles, and the leaves after them.

A tile is written once, when its 256 hashes exist, and never in the transaction of a write. If
tiles are still missing, the tree is read from the entries: slower, with the same result.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Executable, Row, bindparam, func

from app.core.db.bulk import insert_unless_taken
from app.core.db.database import Database
from app.core.operation import rows
from app.core.values.problems import LedgerDamaged
from app.ledger.format.tree import HASH_BYTES, TILE, TILE_LEVEL, subtree
from app.ledger.models import LedgerEntry, LedgerHead, LedgerTile

LEVELS = 8  # enough for every 64-bit number of entries
# Tiles written in one transaction, at most: 16,384 leaves.
GROWN_AT_ONCE = 64

_SIZE = rows(LedgerHead, LedgerHead.size)
_LEAVES = (
    rows(LedgerEntry, LedgerEntry.leaf)
    .where(LedgerEntry.number.between(bindparam("first") + 1, bindparam("last") + 1))
    .order_by(LedgerEntry.number)
)
_TILE = rows(LedgerTile, LedgerTile.hashes, LedgerTile.over_all).where(
    LedgerTile.level == bindparam("level"), LedgerTile.position == bindparam("position")
)
_TILES = rows(LedgerTile, func.count(), func.max(LedgerTile.position)).where(
    LedgerTile.level == bindparam("level")
)
_POSITIONS = rows(LedgerTile, LedgerTile.position).where(LedgerTile.level == bindparam("level"))
_OVER_ALL = (
    rows(LedgerTile, LedgerTile.position, LedgerTile.over_all)
    .where(
        LedgerTile.level == bindparam("level"),
        LedgerTile.position.between(bindparam("first"), bindparam("last")),
    )
    .order_by(LedgerTile.position)
)


def size(db: Connection, clinic_id: UUID) -> int:
    """How many entries a clinic's ledger has; `LedgerDamaged` if its counter is missing."""
    found = db.execute(_SIZE, {"clinic": clinic_id}).scalar_one_or_none()
    if not isinstance(found, int) or found < 0:
        raise LedgerDamaged("The ledger's counter is missing.")
    return found


class Tree:
    """The tree over the first `size` entries, callable as `tree.Hashes` with level and index.

    Calling it raises `LedgerDamaged` if an entry is missing, or a leaf or a tile was altered.
    """

    def __init__(self, db: Connection, clinic_id: UUID, size: int) -> None:
        self._db = db
        self._clinic_id = clinic_id
        self._size = size
        self._hashes = lru_cache(maxsize=32)(self._read)

    def tile(self, level: int, position: int) -> list[bytes]:
        """The hashes of a tile."""
        return self._hashes(level, position)

    def __call__(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree over leaves [index << level, (index + 1) << level)."""
        tile_level, height = divmod(level, TILE_LEVEL)
        position, first = divmod(index << height, TILE)
        return subtree(self._hashes(tile_level, position)[first : first + (1 << height)])

    def _read(self, level: int, position: int) -> list[bytes]:
        """The hashes of a tile; the last one on a level may be incomplete."""
        first = position * TILE
        there = min(TILE, (self._size >> (TILE_LEVEL * level)) - first)
        if there == TILE:
            where = {"clinic": self._clinic_id, "level": level, "position": position}
            for stored in hash_rows(self._db, _TILE, where):
                return _checked(stored.hashes, stored.over_all)
        found = _below(self._db, self._clinic_id, level, first, there)
        return [
            found[index] if index in found else subtree(self._hashes(level - 1, index))
            for index in range(first, first + there)
        ]


def grow(database: Database, clinic_id: UUID) -> None:
    """Store every tile that is complete now."""
    for level in range(LEVELS):
        while (made := _grow(database, clinic_id, level)) == GROWN_AT_ONCE:
            pass
        if level and not made:
            return


def _grow(database: Database, clinic_id: UUID, level: int) -> int:
    """Store the next tiles of a level; returns how many."""
    with database.reading(clinic_id) as db:
        below = _next(db, clinic_id, level - 1) if level else size(db, clinic_id)
        wanted = _missing(db, clinic_id, level, below // TILE)[:GROWN_AT_ONCE]
        tree = Tree(db, clinic_id, below << (TILE_LEVEL * level))
        hashes = [tree.tile(level, position) for position in wanted]
    if not wanted:
        return 0
    with database.writing(clinic_id) as db:
        for position, tile in zip(wanted, hashes, strict=True):
            row = {
                "clinic_id": clinic_id,
                "level": level,
                "position": position,
                "hashes": b"".join(tile),
                "over_all": subtree(tile),
            }
            insert_unless_taken(db, LedgerTile, row)
    return len(wanted)


def _next(db: Connection, clinic_id: UUID, level: int) -> int:
    """The position after the last tile of a level."""
    _, last = db.execute(_TILES, {"clinic": clinic_id, "level": level}).one()
    return 0 if last is None else int(last) + 1


def _missing(db: Connection, clinic_id: UUID, level: int, complete: int) -> Sequence[int]:
    """The positions of the tiles of a level that aren't stored, of the first `complete`."""
    where = {"clinic": clinic_id, "level": level}
    count, last = db.execute(_TILES, where).one()
    if count == (0 if last is None else last + 1):
        return range(count, complete)
    # Somebody removed tiles. They are made again from what is below them.
    stored = set(db.execute(_POSITIONS, where).scalars())
    return [position for position in range(complete) if position not in stored]


def _below(
    db: Connection, clinic_id: UUID, level: int, first: int, there: int
) -> Mapping[int, bytes]:
    """The hashes of a level by index: leaves, or the roots of the stored tiles below it."""
    where = {"clinic": clinic_id, "first": first, "last": first + there - 1}
    if level:
        roots = hash_rows(db, _OVER_ALL, {**where, "level": level - 1})
        return {row.position: row.over_all for row in roots}
    leaves = [row.leaf for row in hash_rows(db, _LEAVES, where)]
    if len(leaves) < there:
        raise LedgerDamaged(f"An entry is missing: one from {first + 1} to {first + there}.")
    return dict(enumerate(leaves, first))


def hash_rows(
    db: Connection, statement: Executable, where: Mapping[str, object]
) -> Sequence[Row[Any]]:
    """The rows of a query whose last column is a hash; `LedgerDamaged` if it can't be one."""
    try:
        found = db.execute(statement, where).all()
    except TypeError:  # SQLite stores a text in a column of bytes
        raise LedgerDamaged("A hash of the ledger's tree can't be read.") from None
    if any(len(row[-1]) != HASH_BYTES for row in found):
        raise LedgerDamaged("A hash of the ledger's tree isn't one: it has another length.")
    return found


def _checked(hashes: bytes, over_all: bytes) -> list[bytes]:
    """The hashes of a complete stored tile, if they agree with its root."""
    parts = [hashes[n : n + HASH_BYTES] for n in range(0, len(hashes), HASH_BYTES)]
    if len(hashes) != TILE * HASH_BYTES or subtree(parts) != over_all:
        raise LedgerDamaged("A tile of the ledger's tree was altered.")
    return parts
