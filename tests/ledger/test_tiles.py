"""The tree from the database equals the RFC's tree, however many tiles are stored."""

import hashlib
import threading
from base64 import b64decode
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import Connection, delete, func, text, update

from app.core.operation import rows
from app.core.values.clock import now
from app.ledger import keeper, signing, tiles
from app.ledger.format.note import Checkpoint, Note, Proof
from app.ledger.format.tree import consistency, consistent, included, inclusion, root, subtree
from app.ledger.models import LedgerEntry, LedgerHead, LedgerTile
from tests.ground import Api, Clinic, create_clinic
from tests.ledger.attacker import drop, history, notes, owning, remember, size_of

AROUND = (0, 1, 2, 255, 256, 257, 511, 512, 513, 1000)
MANY = 65_536 + 300
CHUNK = 8_192


def leaf_of(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(8)).digest()


def fill(clinic: Clinic, size: int) -> list[bytes]:
    """Replace a clinic's ledger by so many made-up entries."""
    leaves = [leaf_of(number) for number in range(1, size + 1)]
    with owning(clinic) as db:
        db.execute(delete(LedgerEntry).where(LedgerEntry.clinic_id == clinic.id))
        mine = LedgerHead.clinic_id == clinic.id
        db.execute(update(LedgerHead).where(mine).values(size=size))
        for start in range(0, size, CHUNK):
            _insert(db, clinic, start, leaves[start : start + CHUNK])
    return leaves


def _insert(db: Connection, clinic: Clinic, start: int, leaves: Sequence[bytes]) -> None:
    """Insert rows in one statement: SQLite's executemany is fast, PostgreSQL needs an array."""
    if db.dialect.name == "postgresql":
        db.exec_driver_sql(
            "INSERT INTO ledger_entries (clinic_id, number, kind, operation, at, actor,"
            " request_id, resource, resource_id, leaf)"
            " SELECT %s, %s + n, 'access', 'test', now(), 'test', 'test', 'test', %s, leaf"
            " FROM unnest(CAST(%s AS bytea[])) WITH ORDINALITY AS made (leaf, n)",
            (clinic.id, start, clinic.id, list(leaves)),
        )
        return
    common: dict[str, Any] = {
        "clinic_id": clinic.id.hex,
        "at": "2026-01-01 00:00:00.000000",
        "id": clinic.id.hex,
    }
    db.execute(
        text(
            "INSERT INTO ledger_entries (clinic_id, number, kind, operation, at, actor,"
            " request_id, resource, resource_id, leaf)"
            " VALUES (:clinic_id, :number, 'access', 'test', :at, 'test', 'test', 'test', :id,"
            " :leaf)"
        ),
        [{**common, "number": n, "leaf": leaf} for n, leaf in enumerate(leaves, start + 1)],
    )


def count(clinic: Clinic, level: int) -> int:
    there = rows(LedgerTile, func.count()).where(LedgerTile.level == level)
    with clinic.database.reading(clinic.id) as db:
        return int(db.execute(there, {"clinic": clinic.id}).scalar_one())


def from_database(clinic: Clinic, size: int) -> bytes:
    with clinic.database.reading(clinic.id) as db:
        return root(size, tiles.Tree(db, clinic.id, size))


def in_memory(leaves: Sequence[bytes]) -> Any:
    return lambda level, index: subtree(leaves[index << level : (index + 1) << level])


def check_proofs(clinic: Clinic, leaves: Sequence[bytes], size: int, places: Sequence[int]) -> None:
    top = subtree(leaves[:size])
    with clinic.database.reading(clinic.id) as db:
        tree = tiles.Tree(db, clinic.id, size)
        for index in places:
            proof = inclusion(index, size, tree)
            assert included(leaves[index], index, size, proof, top)
            assert proof == inclusion(index, size, in_memory(leaves))
        for old in {size, *places} - {0}:
            proof = consistency(old, size, tree)
            assert consistent(old, size, proof, subtree(leaves[:old]), top)


def test_the_root_is_right_around_a_tiles_edge_with_and_without_tiles(clinic: Clinic) -> None:
    leaves = fill(clinic, max(AROUND))
    for grown in (False, True):
        if grown:
            tiles.grow(clinic.database, clinic.id)
        assert count(clinic, 0) == (3 if grown else 0)
        for size in AROUND:
            assert from_database(clinic, size) == subtree(leaves[:size]), (size, grown)
            places = sorted({p for p in (0, 1, 254, 255, 256, size - 1) if 0 <= p < size})
            check_proofs(clinic, leaves, size, places)


def test_the_root_is_right_where_tiles_have_tiles_over_them(clinic: Clinic) -> None:
    leaves = fill(clinic, MANY)
    sizes = (65_535, 65_536, 65_537, 65_792, MANY)
    wanted = [subtree(leaves[:size]) for size in sizes]
    assert from_database(clinic, sizes[1]) == wanted[1]  # from the entries alone
    tiles.grow(clinic.database, clinic.id)
    assert [count(clinic, level) for level in range(3)] == [257, 1, 0]
    assert [from_database(clinic, size) for size in sizes] == wanted
    for size in sizes[1:]:
        check_proofs(clinic, leaves, size, [0, 300, 65_279, 65_535, size - 1])


def test_tiles_grow_while_the_ledger_does(clinic: Clinic) -> None:
    remember(clinic, 200)
    for _ in range(4):
        tiles.grow(clinic.database, clinic.id)
        assert count(clinic, 0) == size_of(clinic) // 256
        leaves = [stored["leaf"] for stored in history(clinic)]
        assert from_database(clinic, len(leaves)) == subtree(leaves)
        remember(clinic, 100)


def test_simultaneous_growers_of_a_tree_do_no_harm(clinic: Clinic) -> None:
    leaves = fill(clinic, 256 * 80 + 3)
    together = threading.Barrier(3)

    def grow(_: int) -> None:
        together.wait()
        tiles.grow(clinic.database, clinic.id)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(grow, range(3)))
    assert count(clinic, 0) == 80
    assert from_database(clinic, len(leaves)) == subtree(leaves)


def test_the_api_proves_every_entry_and_every_earlier_size(api: Api, clinic: Clinic) -> None:
    [key] = signing.verifiers(clinic.id)
    remember(clinic, 300)
    early = Note.parse(api.get("/v1/audit/checkpoint").content)
    tiles.grow(clinic.database, clinic.id)
    remember(clinic, 13)
    stored = history(clinic)
    size = len(stored)
    for number in (1, 2, 255, 256, 257, 300, size):
        answer = api.get(f"/v1/audit/proofs/{number}")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        proof = Proof.parse(answer.content)
        assert proof.note.verified_by(key)
        assert (proof.index, proof.checkpoint.size) == (number - 1, size)
        assert proof.includes(stored[number - 1]["leaf"])
        assert not proof.includes(stored[number % size]["leaf"])
    late = Note.parse(api.get("/v1/audit/checkpoint").content)
    assert early.verified_by(key)
    assert late.verified_by(key)
    old, new = (Checkpoint.parse(note.text) for note in (early, late))
    asked = api.get(f"/v1/audit/consistency?from={old.size}&to={new.size}").json()
    hashes = [b64decode(hash_) for hash_ in asked["hashes"]]
    assert consistent(old.size, new.size, hashes, old.root, new.root)
    assert not consistent(old.size, new.size, hashes, new.root, old.root)
    # Reading them leaves no entry, because they contain no patient data.
    assert size_of(clinic) == size


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("proofs/0", 422),
        ("proofs/10000", 404),
        ("proofs/x", 422),
        (f"proofs/{2**63}", 422),
        ("consistency?from=1&to=10000", 422),
        ("consistency?from=2&to=1", 422),
        ("consistency?from=0&to=1", 422),
        ("consistency?from=1", 422),
        ("consistency?from=1&to=1", 200),
    ],
)
def test_a_proof_of_a_missing_entry_is_refused(api: Api, path: str, status: int) -> None:
    assert api.get(f"/v1/audit/{path}").status_code == status


def test_the_keeper_signs_a_checkpoint_of_each_grown_ledger_once_a_day(alone: Clinic) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        remember(alone, 260)
        keeper.keep(alone.database)
        [first] = notes(alone)
        assert count(alone, 0) == 1
        remember(alone, 300)
        clock.shift(timedelta(hours=23))
        keeper.keep(alone.database)
        assert notes(alone) == [first]
        assert count(alone, 0) == 2  # it grows the tree all the time
        clock.shift(timedelta(hours=1))
        keeper.keep(alone.database)
        assert [note["size"] for note in notes(alone)] == [first["size"], size_of(alone)]
        clock.shift(timedelta(days=3))
        keeper.keep(alone.database)
        assert len(notes(alone)) == 2  # nothing new, so no checkpoint


def test_a_ledger_that_lost_an_entry_does_not_stop_other_checkpoints(
    alone: Clinic,
) -> None:
    remember(alone, 256)
    drop(alone, 100)
    keeper.keep(alone.database)
    assert notes(alone) == []
    assert count(alone, 0) == 0
    later = create_clinic(alone.database)
    assert later.id > alone.id
    keeper.keep(alone.database)
    assert [note["size"] for note in notes(later)] == [1]
