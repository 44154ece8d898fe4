"""Roots and proofs are those of the RFC, and no proof of a false statement verifies."""

import hashlib
import pickle
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement
from random import Random
from unittest.mock import Mock

import pymerkle
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.ledger.format import tree

EXHAUSTIVE = 130

# The reference inputs of Certificate Transparency, and the results of its programs.
INPUTS = (
    *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
    "606162636465666768696a6b6c6d6e6f",
)
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
LEAF_2 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
LEAF_5 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
LEAVES_3_4 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
LEAVES_5_6 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
LEAVES_7_8 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
LEAVES_5_8 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
INCLUSIONS = [
    (0, 1, []),
    (0, 8, [LEAF_2, LEAVES_3_4, LEAVES_5_8]),
    (5, 8, [LEAF_5, LEAVES_7_8, ROOTS[3]]),
    (2, 3, [ROOTS[1]]),
    (1, 5, [ROOTS[0], LEAVES_3_4, LEAF_5]),
]
CONSISTENCIES = [
    (1, 1, []),
    (1, 8, [LEAF_2, LEAVES_3_4, LEAVES_5_8]),
    (6, 8, [LEAVES_5_6, LEAVES_7_8, ROOTS[3]]),
    (2, 5, [LEAVES_3_4, LEAF_5]),
]
# Many mistakes only show where a tile is full, or one leaf before or after that.
sizes = st.integers(0, 1100) | st.sampled_from([255, 256, 257, 511, 512, 513, 767, 768, 1024])
digests = st.binary(min_size=32, max_size=32)


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def mth(leaves: Sequence[bytes]) -> bytes:
    """The definition in RFC 9162 §2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


class Held:
    """A list of leaf hashes as a store of a tree, which only has complete subtrees."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = leaves
        self.known: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        if level == 0:
            return self.leaves[index]
        if (level, index) not in self.known:
            assert (index + 1) << level <= len(self.leaves), "asked for an incomplete subtree"
            left, right = self(level - 1, 2 * index), self(level - 1, 2 * index + 1)
            self.known[level, index] = hashlib.sha256(b"\x01" + left + right).digest()
        return self.known[level, index]


REFERENCE = [leaf(bytes.fromhex(text)) for text in INPUTS]
LEAVES = [leaf(number.to_bytes(4)) for number in range(1100)]
HELD = Held(LEAVES)
HEADS = [mth(LEAVES[:size]) for size in range(EXHAUSTIVE + 2)]
STRANGER = leaf(b"of another log")


def damaged(proof: Sequence[bytes]) -> Iterator[list[bytes]]:
    """The proof with one hash altered, dropped or added, in every place."""
    for at, digest in enumerate(proof):
        altered = bytes([*digest[:31], digest[31] ^ 1])
        yield [*proof[:at], altered, *proof[at + 1 :]]
        yield [*proof[:at], *proof[at + 1 :]]
        yield [*proof[:at], digest, *proof[at:]]
    for at in range(len(proof) + 1):
        yield [*proof[:at], STRANGER, *proof[at:]]


def unhex(proof: list[str]) -> list[bytes]:
    return [bytes.fromhex(digest) for digest in proof]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_the_reference(size: int) -> None:
    expected = bytes.fromhex(ROOTS[size - 1])
    assert tree.subtree(REFERENCE[:size]) == expected
    assert tree.root(size, Held(REFERENCE)) == expected


def test_the_root_of_an_empty_tree_is_the_digest_of_nothing() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tree.EMPTY_ROOT.hex() == tree.subtree([]).hex() == tree.root(0, HELD).hex() == empty


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSIONS)
def test_an_inclusion_proof_is_that_of_the_reference(
    index: int, size: int, proof: list[str]
) -> None:
    root = bytes.fromhex(ROOTS[size - 1])
    assert tree.inclusion(index, size, Held(REFERENCE)) == unhex(proof)
    assert tree.included(REFERENCE[index], index, size, unhex(proof), root)


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCIES)
def test_a_consistency_proof_is_that_of_the_reference(old: int, new: int, proof: list[str]) -> None:
    heads = bytes.fromhex(ROOTS[old - 1]), bytes.fromhex(ROOTS[new - 1])
    assert tree.consistency(old, new, Held(REFERENCE)) == unhex(proof)
    assert tree.consistent(old, new, unhex(proof), *heads)


def test_the_proofs_in_a_tree_of_seven_are_those_that_the_rfc_draws() -> None:
    """RFC 9162 §2.1.5, with its letters for the nodes."""
    a, b, c, d, e, f, j = LEAVES[:7]
    g, h, i = mth([a, b]), mth([c, d]), mth([e, f])
    k, l_ = mth([a, b, c, d]), mth([e, f, j])
    assert [tree.inclusion(index, 7, HELD) for index in (0, 3, 4, 6)] == [
        [b, h, l_],
        [c, g, l_],
        [f, j, k],
        [i, k],
    ]
    assert [tree.consistency(old, 7, HELD) for old in (3, 4, 6)] == [
        [c, d, g, l_],
        [l_],
        [i, j, k],
    ]


def test_the_root_of_every_size_is_that_of_the_definition() -> None:
    assert [tree.root(size, HELD) for size in range(EXHAUSTIVE + 2)] == HEADS
    assert [tree.subtree(LEAVES[:size]) for size in range(EXHAUSTIVE + 2)] == HEADS


def test_every_leaf_is_included_only_at_its_own_index() -> None:
    for size in range(1, EXHAUSTIVE + 1):
        for index in range(size):
            proof = tree.inclusion(index, size, HELD)
            places = {index ^ 1 << bit for bit in range(8)} | {-1, index - 1, index + 1, size}
            claims = [
                (LEAVES[index], index, size, HEADS[size]),
                *((LEAVES[index], place, size, HEADS[size]) for place in places),
                (LEAVES[index], index, size - 1, HEADS[size - 1]),
                (LEAVES[index], index, size + 1, HEADS[size + 1]),
                (LEAVES[index + 1], index, size, HEADS[size]),
                (LEAVES[index], index, size, STRANGER),
            ]
            true = [claim for claim in claims if tree.included(*claim[:3], proof, claim[3])]
            assert true == claims[:1]


def test_an_inclusion_proof_with_any_hash_altered_dropped_or_added_fails() -> None:
    for size in range(1, EXHAUSTIVE + 1):
        for index in range(size):
            for wrong in damaged(tree.inclusion(index, size, HELD)):
                assert not tree.included(LEAVES[index], index, size, wrong, HEADS[size])


def test_every_tree_continues_its_own_smaller_trees_and_no_others() -> None:
    for new in range(1, EXHAUSTIVE + 1):
        for old in range(1, new + 1):
            proof = tree.consistency(old, new, HELD)
            assert tree.consistent(old, new, proof, HEADS[old], HEADS[new])
            for size in {old - 1, old + 1} - {0}:
                if size != new or old != new - 1:
                    assert not tree.consistent(size, new, proof, HEADS[size], HEADS[new])
            for size in {new - 1, new + 1}:
                assert not tree.consistent(old, size, proof, HEADS[old], HEADS[size])
            assert not tree.consistent(old, new, proof, STRANGER, HEADS[new])
            assert not tree.consistent(old, new, proof, HEADS[old], STRANGER)


def test_a_consistency_proof_with_any_hash_altered_dropped_or_added_fails() -> None:
    for new in range(1, EXHAUSTIVE + 1):
        for old in range(1, new + 1):
            for wrong in damaged(tree.consistency(old, new, HELD)):
                assert not tree.consistent(old, new, wrong, HEADS[old], HEADS[new])


def test_a_proof_does_not_fit_another_size_with_the_same_roots() -> None:
    assert tree.included(LEAVES[1], 1, 2, [LEAVES[0]], HEADS[2])
    assert not tree.included(LEAVES[1], 0, 1, [LEAVES[0]], HEADS[2])
    assert not tree.included(LEAVES[0], 1, 1, [], HEADS[1])
    assert tree.consistent(1, 2, [LEAVES[1]], HEADS[1], HEADS[2])
    assert not tree.consistent(1, 3, [LEAVES[1]], HEADS[1], HEADS[2])
    proof = tree.consistency(7, 8, HELD)
    assert tree.consistent(7, 8, proof, HEADS[7], HEADS[8])
    assert not tree.consistent(3, 4, proof, HEADS[7], HEADS[8])


def test_every_tree_continues_the_empty_one() -> None:
    assert tree.consistency(0, 7, HELD) == []
    assert tree.consistent(0, 7, [], tree.EMPTY_ROOT, HEADS[7])
    assert tree.consistent(0, 0, [], tree.EMPTY_ROOT, tree.EMPTY_ROOT)
    assert not tree.consistent(0, 7, [], STRANGER, HEADS[7])
    assert not tree.consistent(0, 7, [STRANGER], tree.EMPTY_ROOT, HEADS[7])
    assert not tree.consistent(0, 0, [], STRANGER, STRANGER)


@given(digests, st.integers(), st.integers(), st.lists(st.binary(max_size=40)), digests)
@example(STRANGER, 2**5000, 2**5001, [STRANGER] * 3, STRANGER)
@example(LEAVES[0], 0, 1, [], LEAVES[0][:31])
def test_no_made_up_proof_verifies_or_raises(
    digest: bytes, index: int, size: int, proof: list[bytes], root: bytes
) -> None:
    assert not tree.included(digest, index, size, proof, root) or digest == root
    assert not tree.consistent(index, size, proof, digest, root) or digest in (
        root,
        tree.EMPTY_ROOT,
    )


def test_two_hashes_can_not_be_cut_in_another_place() -> None:
    left, right = LEAVES[:2]
    shifted, rest = left + right[:1], right[1:]
    assert tree.node(shifted, rest) == HEADS[2]
    assert not tree.included(shifted, 0, 2, [rest], HEADS[2])
    assert not tree.consistent(1, 2, [rest], shifted, HEADS[2])
    with pytest.raises(ValueError, match="32 bytes"):
        tree.root_of_range(1, 1, 2, HELD, [shifted, rest])


@pytest.mark.parametrize(
    ("first", "end", "size"), [(-1, 0, 1), (2, 1, 3), (0, 4, 3), (0, 1, 2**63)]
)
def test_an_index_or_size_outside_the_tree_is_refused(first: int, end: int, size: int) -> None:
    with pytest.raises(ValueError, match="bounds"):
        tree.outside(first, end, size, HELD)
    with pytest.raises(ValueError, match="bounds"):
        tree.root_of_range(first, end, size, HELD, [])
    for old, new in {(first, end), (end, size)} - {(0, 0), (0, 1)}:
        if not 0 <= old <= new < 2**63:
            with pytest.raises(ValueError, match="bounds"):
                tree.consistency(old, new, HELD)
    for index in (-1, 3, 4):
        with pytest.raises(ValueError, match="bounds"):
            tree.inclusion(index, 3, HELD)


def test_a_second_implementation_agrees_on_20_000_leaves() -> None:
    inputs = [number.to_bytes(4) for number in range(20_000)]
    other = pymerkle.InmemoryTree.init_from_entries(inputs)
    held = Held([leaf(data) for data in inputs])
    random = Random(7)
    for size in (*range(1, 300), *random.sample(range(300, 20_000), 300), 20_000):
        assert tree.root(size, held) == other.get_root(size)
    for _ in range(300):
        size = random.randrange(1, 20_001)
        index = random.randrange(size)
        path = other.prove_inclusion(index + 1, size).path
        assert tree.inclusion(index, size, held) == path[1:]
        heads = other.get_root(index + 1), other.get_root(size)
        proof = tree.consistency(index + 1, size, held)
        assert tree.consistent(index + 1, size, proof, *heads)


def test_an_inclusion_proof_is_the_outside_of_a_range_of_one_leaf() -> None:
    for size in range(1, 65):
        for index in range(size):
            beside = tree.outside(index, index + 1, size, HELD)
            assert sorted(beside) == sorted(tree.inclusion(index, size, HELD))


def test_every_range_and_its_outside_give_the_root() -> None:
    for size in range(33):
        for first, end in combinations_with_replacement(range(size + 1), 2):
            beside = tree.outside(first, end, size, HELD)
            within = [digest for digest in beside if digest in LEAVES[first:end]]
            assert within == []
            found = tree.root_of_range(first, end, size, only_within(first, end), beside)
            assert found == HEADS[size]
            for wrong in damaged(beside):
                if len(wrong) != len(beside):
                    with pytest.raises(ValueError, match="number of hashes"):
                        tree.root_of_range(first, end, size, HELD, wrong)
                else:
                    assert tree.root_of_range(first, end, size, HELD, wrong) != HEADS[size]
    assert tree.outside(0, 33, 33, HELD) == []


def only_within(first: int, end: int) -> tree.Hashes:
    """The subtrees that follow from only the leaves [first, end)."""

    def known(level: int, index: int) -> bytes:
        assert first <= index << level
        assert (index + 1) << level <= end
        return HELD(level, index)

    return known


@st.composite
def cuts(draw: st.DrawFn) -> tuple[int, int, int, list[int]]:
    """First leaf, end, size of the tree, and smaller sizes within the range."""
    first, end, size = sorted(draw(st.tuples(sizes, sizes, sizes)))
    return first, end, size, draw(st.lists(st.integers(first, end), max_size=4))


@given(cut=cuts(), by_tiles=st.booleans())
@example(cut=(0, 1024, 1024, [0, 1, 256, 300, 1024]), by_tiles=True)
@example(cut=(300, 300, 700, [300]), by_tiles=True)
@example(cut=(300, 1000, 1100, [300, 301, 511, 512, 513, 1000]), by_tiles=True)
def test_a_range_fed_in_order_knows_the_root_of_every_size_within(
    cut: tuple[int, int, int, list[int]],
    by_tiles: bool,  # noqa: FBT001 - hypothesis names it
) -> None:
    first, end, size, stops = cut
    fed = tree.Range(first, size, tree.outside(first, end, size, HELD), stops)
    feed(fed, end, by_tiles=by_tiles)
    assert fed.end == end
    assert fed.root_at(size) == tree.root(size, HELD)
    if first < size:
        assert [fed.root_at(stop) for stop in stops] == [tree.root(stop, HELD) for stop in stops]


def feed(fed: tree.Range, end: int, *, by_tiles: bool) -> None:
    """Feed the leaves up to `end`; complete tiles as one hash where that is allowed."""
    while fed.end < end:
        tile = fed.end // tree.TILE
        whole = fed.end % tree.TILE == 0 and fed.end + tree.TILE <= end
        if by_tiles and whole and tile not in fed.open:
            fed.add_tile(HELD(tree.TILE_LEVEL, tile))
        else:
            fed.add(LEAVES[fed.end])


def test_a_range_refuses_a_tile_where_leaves_are_needed() -> None:
    fed = tree.Range(0, 1000, [], stops=[300])
    fed.add_tile(HELD(tree.TILE_LEVEL, 0))
    assert fed.open == {1}
    with pytest.raises(ValueError, match="leaf by leaf"):
        fed.add_tile(HELD(tree.TILE_LEVEL, 1))
    fed.add(LEAVES[256])
    with pytest.raises(ValueError, match="leaf by leaf"):
        fed.add_tile(HELD(tree.TILE_LEVEL, 2))


def test_a_range_does_not_guess_a_root() -> None:
    fed = tree.Range(300, 1100, tree.outside(300, 1000, 1100, HELD))
    feed(fed, 1000, by_tiles=True)
    for beyond in (-1, 0, 299, 1001, 1099, 1101):
        with pytest.raises(ValueError, match="doesn't give"):
            fed.root_at(beyond)
    with pytest.raises(ValueError, match="not a stop"):
        fed.root_at(600)
    for beside in ([], [STRANGER], [STRANGER] * 40):
        with pytest.raises(ValueError, match=r"doesn't give|number of hashes"):
            tree.Range(300, 1100, beside).root_at(1100)
    with pytest.raises(ValueError, match="doesn't give"):
        tree.Range(300, 1100, [STRANGER]).root_at(300)


def test_a_range_keeps_a_hash_for_a_tile_and_not_its_leaves() -> None:
    fed = tree.Range(0, 100 * tree.TILE, [], stops=[300])
    for number in range(100 * tree.TILE):
        fed.add(number.to_bytes(32))
    assert len(pickle.dumps(fed)) < (100 + 256 + 20) * 40


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 10_000])
def test_leaves_are_folded_by_one_hash_less_than_there_are(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    sha256 = Mock(wraps=hashlib.sha256)
    monkeypatch.setattr(tree, "hashlib", Mock(sha256=sha256))
    tree.subtree([bytes(32)] * size)
    assert sha256.call_count == size - 1
