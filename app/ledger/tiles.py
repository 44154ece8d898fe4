"""The stored tree of a clinic's ledger: complete tiles, and the leaves after them.

A tile is written once, when its 256 hashes exist, and never in the transaction of a write. If
tiles are still missing, the tree is read from the entries: slower, with the same result.
"""

from functools import lru_cache
from uuid import UUID

from sqlalchemy import Connection, bindparam, func

from app.core.db.bulk import insert_unless_taken
from app.core.db.database import Database
from app.core.operation import rows
from app.ledger.format.errors import EntryMissing
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
_TILE = rows(LedgerTile, LedgerTile.hashes).where(
    LedgerTile.level == bindparam("level"), LedgerTile.position == bindparam("position")
)
_TILES = rows(LedgerTile, func.count()).where(LedgerTile.level == bindparam("level"))
_OVER_ALL = (
    rows(LedgerTile, LedgerTile.over_all)
    .where(
        LedgerTile.level == bindparam("level"),
        LedgerTile.position.between(bindparam("first"), bindparam("last")),
    )
    .order_by(LedgerTile.position)
)


def size(db: Connection, clinic_id: UUID) -> int:
    """How many entries a clinic's ledger has."""
    return int(db.execute(_SIZE, {"clinic": clinic_id}).scalar_one())


class Tree:
    """The tree over the first `size` entries, callable as `tree.Hashes` with level and index."""

    def __init__(self, db: Connection, clinic_id: UUID, size: int) -> None:
        self._db = db
        self._clinic_id = clinic_id
        self._size = size
        self._hashes = lru_cache(maxsize=32)(self._read)

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
            stored = self._db.execute(_TILE, where).scalar()
            if stored is not None:
                return _split(stored)
        found = _below(self._db, self._clinic_id, level, first, there)
        missing = range(first + len(found), first + there)
        return found + [subtree(self._hashes(level - 1, position)) for position in missing]


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
        there = _tiles(db, clinic_id, level)
        below = _tiles(db, clinic_id, level - 1) if level else size(db, clinic_id)
        wanted = range(there, min(below // TILE, there + GROWN_AT_ONCE))
        hashes = [_below(db, clinic_id, level, position * TILE, TILE) for position in wanted]
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


def _tiles(db: Connection, clinic_id: UUID, level: int) -> int:
    return int(db.execute(_TILES, {"clinic": clinic_id, "level": level}).scalar_one())


def _below(db: Connection, clinic_id: UUID, level: int, first: int, there: int) -> list[bytes]:
    """The hashes that a level consists of: leaves, or the roots of the stored tiles below it."""
    where = {"clinic": clinic_id, "first": first, "last": first + there - 1}
    if level:
        return list(db.execute(_OVER_ALL, {**where, "level": level - 1}).scalars())
    leaves = list(db.execute(_LEAVES, where).scalars())
    if len(leaves) < there:
        raise EntryMissing(f"An entry is missing: one from {first + 1} to {first + there}.")
    return leaves


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[n : n + HASH_BYTES] for n in range(0, len(hashes), HASH_BYTES)]
