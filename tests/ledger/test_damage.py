"""A ledger that somebody altered beneath the server is named: `ledger-damaged`, never a 500."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from httpx2 import Client, Response
from sqlalchemy import ColumnElement, delete, literal_column, update

from app.core.values.access import Scope
from app.ledger import inspection, tiles
from app.ledger.format.tree import TILE
from app.ledger.models import LedgerCheckpoint, LedgerEntry, LedgerHead, LedgerTile
from tests.ground import ENROLMENT, Api, Clinic
from tests.ledger.attacker import drop, owning, remember, seal, size_of
from tests.sweeps.document import Documented, operations, undocumented
from tests.sweeps.world import World

FILLING = 260
"""Enough entries for one complete tile."""
OUTSIDE_TILES = 258


def set_counter(clinic: Clinic, size: int) -> None:
    with owning(clinic) as db:
        db.execute(update(LedgerHead).where(LedgerHead.clinic_id == clinic.id).values(size=size))


def counter_set_back(clinic: Clinic) -> None:
    set_counter(clinic, size_of(clinic) - 5)


def counter_at_nothing(clinic: Clinic) -> None:
    set_counter(clinic, 0)


def counter_beyond_all_numbers(clinic: Clinic) -> None:
    set_counter(clinic, 2**63 - 1)


def counter_missing(clinic: Clinic) -> None:
    with owning(clinic) as db:
        db.execute(delete(LedgerHead).where(LedgerHead.clinic_id == clinic.id))


def entry_deleted(clinic: Clinic) -> None:
    drop(clinic, OUTSIDE_TILES)


def renumber(clinic: Clinic, number: int) -> None:
    mine = (LedgerEntry.clinic_id == clinic.id, LedgerEntry.number == OUTSIDE_TILES)
    with owning(clinic) as db:
        assert db.execute(update(LedgerEntry).where(*mine).values(number=number)).rowcount


def entry_renumbered(clinic: Clinic) -> None:
    renumber(clinic, 10**6)


def next_number_taken(clinic: Clinic) -> None:
    renumber(clinic, size_of(clinic) + 1)


def body_altered(clinic: Clinic) -> None:
    with owning(clinic) as db:
        mine = (LedgerEntry.clinic_id == clinic.id, LedgerEntry.body.is_not(None))
        db.execute(update(LedgerEntry).where(*mine).values(body="{"))


def tile_altered(clinic: Clinic) -> None:
    with owning(clinic) as db:
        mine = LedgerTile.clinic_id == clinic.id
        assert db.execute(update(LedgerTile).where(mine).values(hashes=bytes(8192))).rowcount


def tile_root_altered(clinic: Clinic) -> None:
    with owning(clinic) as db:
        mine = LedgerTile.clinic_id == clinic.id
        assert db.execute(update(LedgerTile).where(mine).values(over_all=bytes(32))).rowcount


def tile_cut(clinic: Clinic) -> None:
    with owning(clinic) as db:
        mine = LedgerTile.clinic_id == clinic.id
        assert db.execute(update(LedgerTile).where(mine).values(hashes=b"")).rowcount


def checkpoint_unreadable(clinic: Clinic) -> None:
    with owning(clinic) as db:
        mine = LedgerCheckpoint.clinic_id == clinic.id
        assert db.execute(update(LedgerCheckpoint).where(mine).values(note="garbage")).rowcount


def newest_leaf_spoilt(clinic: Clinic) -> None:
    # SQLite stores a text in a column of bytes. On PostgreSQL it's too few bytes.
    with owning(clinic) as db:
        leaf = "'abc'" if db.dialect.name == "sqlite" else "'abc'::bytea"
        mine = (LedgerEntry.clinic_id == clinic.id, LedgerEntry.number == size_of(clinic))
        spoil = update(LedgerEntry).where(*mine).values(leaf=literal_column(leaf))
        assert db.execute(spoil).rowcount


class Damage(NamedTuple):
    """A change of the database, and operations that must then be refused."""

    make: Callable[[Clinic], None]
    refused: frozenset[str]


TREE = frozenset({"audit.checkpoint", "audit.proof", "audit.export"})
APPEND = frozenset(
    {
        *("patients.create", "patients.read", "patients.list", "patients.update"),
        *("sessions.sign", "sessions.amend", "sessions.void", "sessions.versions", "sessions.list"),
        *("imports.create", "exports.read", "changes.list", "progress.read", "clients.create"),
        *("devices.create", "emergencies.create", "disclosures.list", "audit.entries"),
        *("audit.export", "outcomes.read", "chart_summaries.create"),
    }
)
DAMAGES = [
    Damage(counter_set_back, APPEND | {"audit.checkpoint", "audit.proof"}),
    Damage(counter_at_nothing, APPEND | {"audit.checkpoint", "audit.proof"}),
    Damage(counter_missing, APPEND | TREE),
    Damage(entry_deleted, TREE),
    Damage(entry_renumbered, TREE),
    # A refused write takes no number. So it stays taken.
    Damage(next_number_taken, APPEND | TREE),
    Damage(body_altered, frozenset({"changes.list", "sessions.versions"})),
    Damage(tile_altered, frozenset({"audit.proof"})),
    Damage(tile_cut, frozenset({"audit.proof"})),
    Damage(tile_root_altered, frozenset({"audit.proof", "audit.checkpoint"})),
    Damage(checkpoint_unreadable, TREE | {"audit.consistency"}),
    Damage(newest_leaf_spoilt, TREE),
]


class Prepared(NamedTuple):
    """A request, prepared before the damage."""

    operation: Documented
    send: Callable[[], Response]


def prepared(world: World) -> Iterator[Prepared]:
    """A valid request for each operation."""
    api = world.api
    for operation in operations():
        sent = world.request(operation)
        sender = sent.sender(api)
        yield Prepared(
            operation,
            lambda sent=sent, sender=sender: sender(  # type: ignore[misc]
                sent.method, sent.path, headers=sent.headers, content=sent.content
            ),
        )


def is_damage(answer: Response) -> bool:
    if answer.status_code != 503:
        return False
    problem: dict[str, Any] = answer.json()
    assert problem["type"] == "/problems/ledger-damaged"
    assert "doctor --deep" in problem["detail"]
    assert "retry-after" not in answer.headers
    return True


def is_difference(answer: Response) -> bool:
    """Whether a record isn't signed or amended because its newest entry was altered."""
    problem: dict[str, Any] = answer.json()
    return answer.status_code == 409 and problem["type"] == "/problems/differs-from-ledger"


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.make.__name__)
def test_no_operation_fails_on_a_damaged_ledger(api: Api, clinic: Clinic, damage: Damage) -> None:
    remember(clinic, FILLING)
    world = World(api)
    requests = list(prepared(world))
    world.end_emergencies()
    seal(clinic)
    damage.make(clinic)
    refused, wrong = set(), {}
    for operation, send in requests:
        answer = send()
        fault = undocumented(operation, answer)
        if answer.status_code >= 500 and not is_damage(answer):
            fault = answer.text
        if 400 <= answer.status_code < 500 and not is_difference(answer):
            fault = answer.text
        if fault:
            wrong[operation.name] = fault
        if answer.status_code == 503:
            refused.add(operation.name)
    assert wrong == {}
    known = {operation.name for operation in operations()}
    assert damage.refused <= known
    assert damage.refused - refused == set()


def test_a_refused_write_changes_nothing(api: Api, clinic: Clinic) -> None:
    patient = api.patient(given_name="A")
    path = f"/v1/patients/{patient['id']}"
    counter_set_back(clinic)
    assert is_damage(api("PATCH", path, json={"given_name": "B"}, headers={"If-Match": '"1"'}))
    assert is_damage(api.get(path))
    key = {"Idempotency-Key": "k"}
    assert is_damage(api.post("/v1/patients", {}, headers=key))
    set_counter(clinic, len_of(clinic))
    assert api.get(path).json() == patient
    assert api.post("/v1/patients", {}, headers=key).status_code == 201


def len_of(clinic: Clinic) -> int:
    """The number of entries that there are."""
    with clinic.database.reading(clinic.id) as db:
        found = db.execute(
            LedgerEntry.__table__.select().where(LedgerEntry.clinic_id == clinic.id)
        ).all()
    return len(found)


def test_no_token_is_given_on_a_damaged_ledger(api: Api, clinic: Clinic, wire: Client) -> None:
    body = {
        "name": "Tablet",
        "practitioner_id": api.practitioner()["id"],
        "scopes": ["patients:read"],
    }
    code = api.create("/v1/devices", **body)["enrolment_code"]
    narrow = Api(wire, clinic.key({Scope.PATIENTS_READ}))
    counter_set_back(clinic)
    form = {"grant_type": ENROLMENT, "code": code}
    assert is_damage(wire.post("/oauth/token", data=form))
    # The refusal of an attempt leaves an entry, too.
    assert is_damage(narrow.post("/v1/patients", {}))
    set_counter(clinic, len_of(clinic))
    assert wire.post("/oauth/token", data=form).status_code == 200


def test_one_clinics_damage_does_not_stop_another(api: Api, other_api: Api, clinic: Clinic) -> None:
    patient, other = api.patient(), other_api.patient()
    counter_set_back(clinic)
    assert is_damage(api.get(f"/v1/patients/{patient['id']}"))
    assert other_api.get(f"/v1/patients/{other['id']}").status_code == 200


def test_missing_tiles_are_made_again(api: Api, clinic: Clinic) -> None:
    remember(clinic, 3 * 256)
    seal(clinic)
    before = api.get("/v1/audit/checkpoint").text
    for position in (0, 1):
        with owning(clinic) as db:
            where = (LedgerTile.clinic_id == clinic.id, LedgerTile.position == position)
            assert db.execute(delete(LedgerTile).where(*where)).rowcount
        # Tiles are made from the entries: without them, every hash is the same.
        assert api.get("/v1/audit/checkpoint").text == before
    tiles.grow(clinic.database, clinic.id)
    with clinic.database.reading(clinic.id) as db:
        there = db.execute(
            LedgerTile.__table__.select()
            .where(LedgerTile.clinic_id == clinic.id)
            .order_by(LedgerTile.position)
        ).all()
    assert [tile.position for tile in there] == [0, 1, 2]
    assert api.get("/v1/audit/checkpoint").text == before


def inspected(clinic: Clinic) -> list[list[str]]:
    """The faults that the complete check finds, and those that the check of the part finds."""
    op = clinic.operation("doctor")
    with clinic.database.snapshot(clinic.id) as db:
        op.begin(db)
        part = inspection.part_faults(op, 0, 4 * TILE)
        return [list(inspection.faults(op)), list(part)]


@pytest.mark.parametrize("damage", [checkpoint_unreadable, newest_leaf_spoilt, tile_cut])
def test_what_cannot_be_read_is_a_finding(clinic: Clinic, damage: Callable[[Clinic], None]) -> None:
    remember(clinic, FILLING)
    seal(clinic)
    assert inspected(clinic) == [[], []]
    damage(clinic)
    assert [len(found) for found in inspected(clinic)] == [1, 1]


def test_an_unreadable_tile_is_a_finding(clinic: Clinic) -> None:
    remember(clinic, FILLING)
    seal(clinic)
    with owning(clinic) as db:
        # PostgreSQL stores only bytes in a column of bytes.
        text = "'abc'" if db.dialect.name == "sqlite" else "'abc'::bytea"
        spoilt: ColumnElement[bytes] = literal_column(text)
        mine = LedgerTile.clinic_id == clinic.id
        db.execute(update(LedgerTile).where(mine).values(hashes=spoilt, over_all=spoilt))
    assert [len(found) for found in inspected(clinic)] == [1, 1]
