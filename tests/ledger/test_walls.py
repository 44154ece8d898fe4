"""The database itself refuses every change of the ledger, except a lawful erasure."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from app.core.db.database import Database
from app.core.db.tables import ClinicOwned
from app.core.operation import perform
from app.core.values.clock import now, uuid7
from app.ledger import service
from app.ledger.models import LedgerCheckpoint, LedgerEntry, LedgerTile
from tests.ground import Clinic, create_clinic
from tests.ledger.attacker import History, history, notes, remember, seal

TABLES: Sequence[type[ClinicOwned]] = (LedgerEntry, LedgerTile, LedgerCheckpoint)
REFUSED = "the ledger is append-only"
BLANK = {"body": None, "salt": None}


@pytest.fixture(name="filled")
def ledger_with_a_row_in_each_table(clinic: Clinic) -> Clinic:
    remember(clinic, 256)
    seal(clinic)
    assert notes(clinic)
    return clinic


def refuses(clinic: Clinic, statement: Any) -> bool:
    """Whether the database refuses this statement, even to its owner."""
    try:
        with clinic.database.owning() as db, db.begin():
            db.execute(statement)
    except DBAPIError as refusal:
        return REFUSED in str(refusal.orig)
    return False


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_deleted(filled: Clinic, table: type[ClinicOwned]) -> None:
    before = history(filled)
    assert refuses(filled, delete(table).where(table.clinic_id == filled.id))
    assert history(filled) == before


@pytest.mark.parametrize("table", TABLES)
def test_no_column_of_a_row_is_changed(filled: Clinic, table: type[ClinicOwned]) -> None:
    before = history(filled), notes(filled)
    for column in table.__table__.columns:
        # To the value that it has: even that is refused.
        values = {column.key: column}
        assert refuses(filled, update(table).where(table.clinic_id == filled.id).values(values))
    assert (history(filled), notes(filled)) == before


@pytest.mark.parametrize("table", TABLES)
def test_no_table_is_emptied(filled: Clinic, table: type[ClinicOwned]) -> None:
    if filled.database.is_sqlite:
        # SQLite has no TRUNCATE; the nearest statement is a DELETE of all rows.
        assert refuses(filled, text(f"DELETE FROM {table.__tablename__}"))  # noqa: S608 - our own tables' names
    else:
        assert refuses(filled, text(f"TRUNCATE {table.__tablename__} CASCADE"))


def blanking(clinic: Clinic, whose: UUID, **more: Any) -> Any:
    mine = (LedgerEntry.clinic_id == clinic.id, LedgerEntry.patient_id == whose)
    found = update(LedgerEntry).where(*mine, LedgerEntry.operation != "patients.erase")
    return found.values({**BLANK, **more})


def note_erasure(clinic: Clinic, patient_id: UUID) -> None:
    """Write the entry of an erasure into the ledger, without erasing anything."""
    op = clinic.operation("patients.erase")
    view = {"id": patient_id, "version": 2}
    work = lambda: service.record(op, "patients", view, patient_id=patient_id)  # noqa: E731 - one statement
    perform(clinic.database, op, work)


def patients_of(clinic: Clinic) -> list[UUID]:
    return [stored["patient_id"] for stored in history(clinic) if stored["patient_id"]]


def test_a_body_is_blanked_only_after_the_entry_of_its_patients_erasure(clinic: Clinic) -> None:
    remember(clinic, 2)
    one, other = patients_of(clinic)
    assert refuses(clinic, blanking(clinic, one))
    note_erasure(clinic, other)
    assert refuses(clinic, blanking(clinic, one))
    note_erasure(clinic, one)
    before = history(clinic)
    with clinic.database.owning() as db, db.begin():
        assert db.execute(blanking(clinic, one)).rowcount == 1
    after = history(clinic)
    assert [stored for stored in after if stored["patient_id"] != one] == [
        stored for stored in before if stored["patient_id"] != one
    ]
    assert after == [blanked(stored, one) for stored in before]
    assert after != before


def blanked(stored: dict[str, Any], patient_id: UUID) -> dict[str, Any]:
    mine = stored["patient_id"] == patient_id and stored["operation"] != "patients.erase"
    return {**stored, **(BLANK if mine else {})}


def test_an_erasure_in_another_clinic_allows_no_change(clinic: Clinic, database: Database) -> None:
    other = create_clinic(database)
    remember(clinic, 1)
    [patient_id] = patients_of(clinic)
    note_erasure(other, patient_id)
    assert refuses(clinic, blanking(clinic, patient_id))


def test_entries_after_the_erasure_keep_their_bodies(clinic: Clinic) -> None:
    remember(clinic, 1)
    [patient_id] = patients_of(clinic)
    note_erasure(clinic, patient_id)
    op = clinic.operation("patients.create")
    again = {"id": patient_id, "version": 1}
    perform(
        clinic.database, op, lambda: service.record(op, "patients", again, patient_id=patient_id)
    )
    late = (LedgerEntry.clinic_id == clinic.id, LedgerEntry.number == len(history(clinic)))
    assert refuses(clinic, update(LedgerEntry).where(*late).values(BLANK))


def test_only_the_body_of_an_entry_can_be_blanked(clinic: Clinic) -> None:
    remember(clinic, 1)
    [patient_id] = patients_of(clinic)
    note_erasure(clinic, patient_id)
    others: dict[str, Any] = {
        "clinic_id": uuid7(),
        "number": 10_000,
        "kind": "access",
        "operation": "patients.get",
        "at": now(),
        "actor": "nobody",
        "client": uuid7(),
        "request_id": "other",
        "resource": "sessions",
        "resource_id": uuid7(),
        "patient_id": None,
        "version": None,
        "reason": "r",
        "body_digest": None,
        "leaf": bytes(32),
    }
    assert {*others, *BLANK} == {column.key for column in LedgerEntry.__table__.columns}
    before = history(clinic)
    for name, value in others.items():
        assert refuses(clinic, blanking(clinic, patient_id, **{name: value})), name
    for kept in ({"body": "{}"}, {"salt": bytes(16)}):
        assert refuses(clinic, blanking(clinic, patient_id, **kept)), kept
    assert history(clinic) == before


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_postgresql_erases_by_a_function_that_checks_the_erasure_entry(clinic: Clinic) -> None:
    remember(clinic, 2)
    one, other = patients_of(clinic)
    note_erasure(clinic, one)
    call = text("SELECT erase_ledger_bodies(:clinic, :patient)")
    before: History = history(clinic)
    with clinic.database.writing(clinic.id) as db:
        counts = [
            db.execute(call, {"clinic": clinic.id, "patient": patient}).scalar_one()
            for patient in (other, one, one)
        ]
    assert counts == [0, 1, 0]
    assert history(clinic) == [blanked(stored, one) for stored in before]
    granted = text(
        "SELECT has_function_privilege('public', 'erase_ledger_bodies(uuid, uuid)', 'EXECUTE')"
    )
    with clinic.database.reading(clinic.id) as db:
        assert db.execute(granted).scalar_one() is False
