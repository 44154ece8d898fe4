"""The Merkle tree over a ledger (RFC 9162 §2.1): roots, proofs and their verification. Pure.

Imports only the standard library, so that an auditor's verifier can share it. Leaves are 32-byte
leaf hashes, numbered from zero. A *tile* is 256 leaves. A *complete subtree* of level L covers
2**L leaves and starts at a multiple of 2**L.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

HASH_BYTES: Final = 32
NODE_PREFIX: Final = b"\x01"
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
TILE_LEVEL: Final = 8
TILE: Final = 2**TILE_LEVEL
SIZE_MAX: Final = 2**63 - 1

# hashes(level, index): the complete subtree over the leaves [index << level, index + 1 << level).
Hashes = Callable[[int, int], bytes]


def node(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node (RFC 9162 §2.1.1)."""
    return hashlib.sha256(NODE_PREFIX + left + right).digest()


def subtree(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash over these leaf hashes; `EMPTY_ROOT` if there are none."""
    if not leaves:
        return EMPTY_ROOT
    sha256, level = hashlib.sha256, list(leaves)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(NODE_PREFIX + left + right).digest() for left, right in pairs]
        # The last hash of an odd level has no partner and moves up unchanged.
        level = above + level[len(above) * 2 :]
    return level[0]


def root(size: int, hashes: Hashes) -> bytes:
    """The root of the tree over the first `size` leaves."""
    _in_order(size)
    return _part(0, size, hashes) if size else EMPTY_ROOT


def inclusion(index: int, size: int, hashes: Hashes) -> list[bytes]:
    """Proof that leaf `index` is in the tree of `size`, from the leaf upwards (§2.1.3.1).

    Raises `ValueError` unless 0 <= index < size.
    """
    _in_order(index, index + 1, size)
    proof, low, high = list[bytes](), 0, size
    while high - low > 1:
        middle = _split(low, high)
        if index < middle:
            proof.append(_part(middle, high, hashes))
            high = middle
        else:
            proof.append(_part(low, middle, hashes))
            low = middle
    return proof[::-1]


def consistency(old: int, new: int, hashes: Hashes) -> list[bytes]:
    """Proof that the tree of size `new` continues that of size `old` (§2.1.4.1).

    Empty if nothing needs proof: from the empty tree, and between equal sizes.
    Raises `ValueError` unless 0 <= old <= new.
    """
    _in_order(old, new)
    if old in (0, new):
        return []
    proof, low, high = list[bytes](), 0, new
    while old != high:
        middle = _split(low, high)
        if old <= middle:
            proof.append(_part(middle, high, hashes))
            high = middle
        else:
            proof.append(_part(low, middle, hashes))
            low = middle
    # The verifier has the old root, and needs its last part only if it has several parts.
    if low:
        proof.append(_part(low, high, hashes))
    return proof[::-1]


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows the leaf hash at `index` under the root of `size` (§2.1.3.2)."""
    if not 0 <= index < size or not _whole(leaf, *proof, root):
        return False
    here, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = node(sibling, found)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            found = node(found, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and found == root


def consistent(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """Whether `proof` shows that the tree of size `new` continues that of `old` (§2.1.4.2).

    Every tree continues the empty one, so from size 0 `new_root` is not checked.
    """
    if not 0 <= old <= new or not _whole(old_root, new_root, *proof):
        return False
    if old == 0 and old_root != EMPTY_ROOT:
        return False
    if old in (0, new):
        return not proof and (old < new or old_root == new_root)
    # The old tree is complete: its root is the first hash, and the proof leaves it out.
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(path) and _climbs(old, new, path) == (old_root, new_root)


def _climbs(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Both roots that the path leads to; None if its length isn't that of a proof."""
    here, last = old - 1, new - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if here & 1 or here == last:
            before, after = node(sibling, before), node(sibling, after)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            after = node(after, sibling)
        here, last = here >> 1, last >> 1
    return (before, after) if last == 0 else None


def outside(first: int, end: int, size: int, hashes: Hashes) -> list[bytes]:
    """The hashes that the leaves [first, end) lack for the root of `size`, from left to right.

    Empty for the whole tree. For an empty range: the hashes on both sides of that point.
    Raises `ValueError` unless 0 <= first <= end <= size.
    """
    _in_order(first, end, size)
    return [_part(low, high, hashes) for low, high in _beside(first, end, 0, size)]


def root_of_range(
    first: int, end: int, size: int, inside: Hashes, outside: Sequence[bytes]
) -> bytes:
    """The root of `size` from the complete subtrees inside [first, end) and the hashes outside.

    Raises `ValueError` if the number or length of these hashes isn't that of `outside`.
    """
    _in_order(first, end, size)
    if len(outside) != sum(1 for _ in _beside(first, end, 0, size)):
        raise ValueError("not the number of hashes that this range needs")
    if not _whole(*outside):
        raise ValueError("a hash that is not of 32 bytes")
    parts = iter(outside)

    def part(low: int, high: int) -> bytes:
        if high <= first or end <= low:
            return next(parts)
        if first <= low and high <= end:
            return _part(low, high, inside)
        middle = _split(low, high)
        return node(part(low, middle), part(middle, high))

    return part(0, size) if size else EMPTY_ROOT


class Range:
    """The leaves from `first` in a tree of `size`, fed in order and hashed tile by tile.

    `outside` is the result of `outside()` for all leaves that will be fed. `stops` are smaller
    sizes whose roots will be asked for. Keeps one hash per tile, and the leaves of few tiles.
    """

    def __init__(
        self, first: int, size: int, outside: Sequence[bytes], stops: Collection[int] = ()
    ) -> None:
        self.first = self.end = first
        self.size = size
        # Tiles that a stop cuts: their leaves are kept.
        self.open = frozenset(stop // TILE for stop in stops if stop % TILE)
        self._outside = outside
        self._tiles: list[bytes] = []
        self._leaves: dict[int, list[bytes]] = {}

    def add(self, leaf: bytes) -> None:
        """Feed the next leaf hash."""
        tile = self.end // TILE
        leaves = self._leaves.setdefault(tile, [])
        leaves.append(leaf)
        self.end += 1
        if len(leaves) == TILE:
            self._tiles.append(subtree(leaves))
            if tile not in self.open:
                del self._leaves[tile]

    def add_tile(self, digest: bytes) -> None:
        """Feed the next 256 leaves as the hash over them.

        Raises `ValueError` in the middle of a tile, and for a tile that is `open`.
        """
        if self.end % TILE or self.end // TILE in self.open:
            raise ValueError("this tile must be fed leaf by leaf")
        self._tiles.append(digest)
        self.end += TILE

    def root_at(self, size: int) -> bytes:
        """The root of the whole tree, or of a smaller one that ends within the range.

        Raises `ValueError` for any other size, for one that cuts a tile without being a stop, and
        if `outside` doesn't have the hashes of this range.
        """
        if size == self.size:
            return root_of_range(self.first, self.end, size, self._inside, self._outside)
        # Each 1 bit of `first` is a complete subtree before the range.
        before = self._outside[: self.first.bit_count()]
        if not self.first <= size <= self.end or len(before) < self.first.bit_count():
            raise ValueError("the range doesn't give the root of this size")
        if size > self.first:
            return root_of_range(self.first, size, size, self._inside, before)
        parts = iter(before)
        return root(size, lambda _level, _index: next(parts))

    def _inside(self, level: int, index: int) -> bytes:
        start = index << level
        if level >= TILE_LEVEL:
            tile = start // TILE - -(-self.first // TILE)
            return subtree(self._tiles[tile : tile + (1 << level - TILE_LEVEL)])
        tile = start // TILE
        if tile not in self._leaves:
            raise ValueError("this size cuts a tile and is not a stop")
        at = start - max(self.first, tile * TILE)
        return subtree(self._leaves[tile][at : at + (1 << level)])


def _beside(first: int, end: int, low: int, high: int) -> Iterator[tuple[int, int]]:
    """The parts of [low, high) that lie completely outside [first, end), from left to right."""
    if high <= first or end <= low:
        if low < high:
            yield low, high
    elif not first <= low < high <= end:
        middle = _split(low, high)
        yield from _beside(first, end, low, middle)
        yield from _beside(first, end, middle, high)


def _part(low: int, high: int, hashes: Hashes) -> bytes:
    """The hash over the leaves [low, high), which must be a part that the RFC's splits give."""
    level = (high - low).bit_length() - 1
    if high - low == 1 << level:
        return hashes(level, low >> level)
    middle = _split(low, high)
    return node(_part(low, middle, hashes), _part(middle, high, hashes))


def _split(low: int, high: int) -> int:
    """Where the RFC splits these leaves: the left part is the largest power of two below all."""
    return low + (1 << (high - low - 1).bit_length() - 1)


def _whole(*found: bytes) -> bool:
    # With other lengths, two different pairs of hashes could join to the same bytes.
    return all(len(digest) == HASH_BYTES for digest in found)


def _in_order(*numbers: int) -> None:
    bounds = [0, *numbers, SIZE_MAX]
    if bounds != sorted(bounds):
        raise ValueError("outside the bounds of the tree")
