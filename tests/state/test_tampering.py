"""Who notices what: every way to change the database outside the program, and every check."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import Connection, delete, insert, select, update

from app.auth.models import Client, Device
from app.core.db.database import Database
from app.core.operation import perform
from app.core.values.clock import now, uuid7
from app.ledger.models import LedgerHead
from app.main import create_app
from app.measurements.models import Measurement
from app.patients.models import Patient
from app.practitioners.models import Practitioner
from app.retention import service as retention
from app.retention.models import LegalHold, RetentionPolicy
from app.state import queries
from app.state.walk import walk
from tests import templates
from tests.cli.program import Ran, url_of, within
from tests.ground import Api, Clinic, create_clinic, empty_like, migrated_like
from tests.ledger.attacker import drop, history, kept, owning, rewrite, seal, size_of, touch
from tests.wire import wired

Program = Callable[..., Ran]
ANOTHER_DIGEST = bytes(range(32))


class House(NamedTuple):
    """A clinic in a database of its own, with one of everything that is attacked."""

    clinic: Clinic
    patient_id: UUID
    tablet_id: UUID
    held: Path
    """The checkpoint that the auditor keeps."""


class Noticed(NamedTuple):
    """What each check says about a database. The exit codes are those of the commands."""

    walk: bool
    deep: int
    backup: int
    restore: int
    export: int
    verify: int | None
    held: int | None


class Built(NamedTuple):
    """The database of a house, to be copied, and what a house knows of it."""

    url: str
    clinic_id: UUID
    patient_id: UUID
    tablet_id: UUID


@pytest.fixture(name="built", scope="module")
def one_of_everything(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Built]:
    with migrated_like(database, tmp_path_factory.mktemp("built")) as own:
        clinic = create_clinic(own)
        with wired(create_app(own)) as wire:
            api = Api(wire, clinic.key())
            patient = api.patient(given_name="Ada")
            api.change(patient, "/v1/patients", given_name="Ada B.")
            api.create(
                "/v1/measurements",
                patient_id=patient["id"],
                phase="between",
                instrument="nprs",
                value=4,
                taken_at="2026-11-01T10:00:00Z",
                reported_by="patient",
            )
            tablet = UUID(hex=api.tablet()["access_token"].split("_")[1])
        id_ = UUID(patient["id"])
        perform(own, op := clinic.operation(), lambda: retention.set_policy(op, 10, 18))
        perform(own, op := clinic.operation(), lambda: retention.hold(op, id_, "a complaint"))
        own.close()
        yield Built(url_of(own), clinic.id, id_, tablet)


@pytest.fixture(name="house")
def house_with_one_of_everything(built: Built, tmp_path: Path) -> Iterator[House]:
    with (
        templates.copied(built.url, tmp_path / "house") as url,
        closing(Database(url)) as database,
    ):
        clinic = Clinic(built.clinic_id, database)
        yield House(clinic, built.patient_id, built.tablet_id, kept(tmp_path, seal(clinic)))


def copied(db: Connection, table: Any, **columns: Any) -> None:
    """Insert a copy of a row, with other columns."""
    row = db.execute(select(table.__table__)).mappings().first()
    assert row is not None
    db.execute(insert(table.__table__), {**row, **columns})


def on_rows(change: Callable[[Connection, House], object]) -> Callable[[House], None]:
    """An attack that changes rows and leaves the ledger alone."""

    def attack(house: House) -> None:
        with owning(house.clinic) as db:
            change(db, house)

    return attack


def older_version(db: Connection, house: House) -> None:
    mine = Patient.id == house.patient_id
    db.execute(update(Patient).where(mine).values(given_name="Ada", version=1))


def forged_device(db: Connection, house: House) -> None:
    del house
    id_ = uuid7()
    whose = db.execute(select(Practitioner.id)).scalar_one()
    copied(db, Client, id=id_, kind="device", name="Tablet", secret_digest=None)
    copied(db, Device, client_id=id_, code_digest=ANOTHER_DIGEST, practitioner_id=whose)


def without_the_last_entry(house: House) -> None:
    """Cut the ledger's tail. What was cut is a read, so every row is as before."""
    with wired(create_app(house.clinic.database)) as wire:
        api = Api(wire, house.clinic.key())
        assert api.get(f"/v1/patients/{house.patient_id}").status_code == 200
    sealed_too(house)
    rewrite(house.clinic, lambda entries: entries[:-1])


def sealed_too(house: House) -> None:
    """Let the auditor keep a checkpoint of the whole ledger."""
    house.held.write_bytes(seal(house.clinic).encode())


def an_older_file(house: House) -> None:
    """Put back everything as it was before the last change."""
    clinic = house.clinic
    before = size_of(clinic)
    op = clinic.operation("retention_policies.set")
    perform(clinic.database, op, lambda: retention.set_policy(op, 20, 18))
    sealed_too(house)
    rewrite(clinic, lambda entries: entries[:before])
    with owning(clinic) as db:
        db.execute(update(RetentionPolicy).values(years=10))


def first_body(house: House) -> None:
    number = next(stored["number"] for stored in history(house.clinic) if stored["body"])
    touch(house.clinic, number, body='{"id":"other"}')


def counter_back(house: House) -> None:
    with owning(house.clinic) as db:
        db.execute(update(LedgerHead).values(size=LedgerHead.size - 2))


ROWS: dict[str, Callable[[House], None]] = {
    "value": on_rows(lambda db, _: db.execute(update(Measurement).values(value=1))),
    "name": on_rows(lambda db, _: db.execute(update(Patient).values(given_name="Eve"))),
    "deleted": on_rows(lambda db, _: db.execute(delete(Measurement))),
    "added": on_rows(lambda db, _: copied(db, Measurement, id=uuid7())),
    "older version": on_rows(older_version),
    "forged key": on_rows(
        lambda db, _: copied(db, Client, id=uuid7(), kind="api_key", secret_digest=ANOTHER_DIGEST)
    ),
    "changed scopes": on_rows(
        lambda db, _: db.execute(
            update(Client).where(Client.kind == "device").values(scopes=["clients:write"])
        )
    ),
    "swapped verifier": on_rows(
        lambda db, _: db.execute(
            update(Client).where(Client.kind == "api_key").values(secret_digest=ANOTHER_DIGEST)
        )
    ),
    "forged device": on_rows(forged_device),
    "unrevoked": on_rows(
        lambda db, h: db.execute(
            update(Device).where(Device.client_id == h.tablet_id).values(enrolled_at=None)
        )
    ),
    "released hold": on_rows(lambda db, _: db.execute(delete(LegalHold))),
    "shorter retention": on_rows(lambda db, _: db.execute(update(RetentionPolicy).values(years=1))),
}
SEEN_IN_ROWS = Noticed(walk=True, deep=1, backup=0, restore=1, export=0, verify=0, held=0)
LEDGER: dict[str, tuple[Callable[[House], None], Noticed]] = {
    "ledger actor": (
        lambda house: touch(house.clinic, 2, actor="client:somebody-else"),
        Noticed(walk=True, deep=1, backup=0, restore=1, export=0, verify=2, held=2),
    ),
    "body": (
        first_body,
        Noticed(walk=True, deep=1, backup=0, restore=1, export=0, verify=2, held=2),
    ),
    "deleted entry": (
        lambda house: drop(house.clinic, 3),
        Noticed(walk=True, deep=1, backup=0, restore=1, export=2, verify=None, held=None),
    ),
    "counter back": (
        counter_back,
        Noticed(walk=True, deep=1, backup=1, restore=1, export=2, verify=None, held=None),
    ),
    "cut tail": (
        without_the_last_entry,
        Noticed(walk=False, deep=0, backup=0, restore=0, export=0, verify=0, held=2),
    ),
    "older file": (
        an_older_file,
        Noticed(walk=False, deep=0, backup=0, restore=0, export=0, verify=0, held=2),
    ),
}
ATTACKS = {name: (attack, SEEN_IN_ROWS) for name, attack in ROWS.items()} | LEDGER
CLEAN = Noticed(walk=False, deep=0, backup=0, restore=0, export=0, verify=0, held=0)


def altered(ran: Ran) -> int:
    """The exit code of a doctor's run; 0 if what it finds broken is not the state."""
    broken = {finding["check"] for finding in ran.data if finding["state"] == "broken"}
    return ran.code if "state" in broken else 0


def walk_a_minute_later(clinic: Clinic) -> None:
    with time_machine.travel(now() + timedelta(minutes=1)):
        walk(clinic.database)


def noticed(house: House, on: Program, folder: Path) -> Noticed:
    """Run every check."""
    clinic, url = house.clinic, url_of(house.clinic.database)
    walk(clinic.database)
    op = clinic.operation()
    with clinic.database.reading(clinic.id) as db:
        op.begin(db)
        found = bool(queries.differences(op))
    deep = altered(on(url, "doctor", "--deep", "--json"))
    backup, target = on(url, "backup", str(folder / "backup")).code, folder / "export"
    with empty_like(clinic.database, folder / "restored") as elsewhere:
        restore = on(elsewhere, "restore", str(folder / "backup")).code
    export = on(url, "audit", "export", str(target)).code
    verify = partial(on, url, "audit", "verify", str(target))
    codes = (None, None) if export else (verify().code, verify("--held", str(house.held)).code)
    return Noticed(found, deep, backup, restore, export, *codes)


@pytest.fixture(name="on")
def program_on_any_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Program:
    return partial(within, monkeypatch, capsys)


def test_every_check_finds_a_sound_database_clean(
    house: House, on: Program, tmp_path: Path
) -> None:
    assert noticed(house, on, tmp_path) == CLEAN


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_change_outside_the_program_is_noticed(
    house: House, on: Program, tmp_path: Path, attack: str
) -> None:
    change, expected = ATTACKS[attack]
    change(house)
    assert noticed(house, on, tmp_path) == expected


def test_a_difference_is_a_security_entry_once_and_goes_when_it_is_healed(house: House) -> None:
    clinic = house.clinic
    with owning(clinic) as db:
        db.execute(update(Patient).values(given_name="Eve"))
    walk(clinic.database)
    walk_a_minute_later(clinic)
    entered = [row for row in history(clinic) if row["operation"] == "state.walk"]
    assert [(row["kind"], row["resource"], row["resource_id"]) for row in entered] == [
        ("security", "patients", house.patient_id)
    ]
    assert "Eve" not in str(entered)
    assert entered[0]["actor"] == "server:keeper"
    assert queries.DIFFERENCES._value.get() == 1  # noqa: SLF001 - the client has no public getter
    with owning(clinic) as db:
        db.execute(update(Patient).values(given_name="Ada B."))
    with time_machine.travel(now() + timedelta(minutes=3)):
        walk(clinic.database)
    assert queries.DIFFERENCES._value.get() == 0  # noqa: SLF001 - likewise


def test_doctor_names_what_the_walk_found(house: House, on: Program) -> None:
    url = url_of(house.clinic.database)
    with owning(house.clinic) as db:
        db.execute(update(Patient).values(given_name="Eve"))
    before = altered(on(url, "doctor", "--json"))
    walk(house.clinic.database)
    after = on(url, "doctor", "--json")
    assert (before, altered(after)) == (0, 1)
    assert f"patients {house.patient_id}: It differs" in after.out
    assert "given_name" in after.out
    assert "Eve" not in after.out
