"""The database itself refuses every change of the ledger, except a lawful erasure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from app.core.db.database import SERVING_ROLE, Database
from app.core.db.schema import grant
from app.core.db.tables import ClinicOwned
from app.core.operation import perform
from app.core.values.clock import now, uuid7
from app.ledger import service
from app.ledger.models import LedgerCheckpoint, LedgerEntry, LedgerTile
from app.retention import service as retention
from app.retention.models import LegalHold
from tests.ground import Api, Clinic, create_clinic
from tests.ledger.attacker import History, history, notes, remember, seal, touch

TABLES: Sequence[type[ClinicOwned]] = (LedgerEntry, LedgerTile, LedgerCheckpoint)
REFUSED = "the ledger is append-only"
BLANK = {"body": None, "salt": None}
YEARS = 10
ERASE = text("SELECT erase_ledger_bodies(:clinic, :patient)")
LATE = datetime(2090, 1, 1, tzinfo=UTC)


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


def set_policy(clinic: Clinic) -> None:
    op = clinic.operation("retention.policy")
    perform(clinic.database, op, lambda: retention.set_policy(op, YEARS, 18))


def note_erasure(clinic: Clinic, patient_id: UUID, at: datetime = LATE) -> None:
    """Write the entry of an erasure into the ledger, without erasing anything."""
    op = clinic.operation("patients.erase")
    op.at = at
    view = {"id": patient_id, "version": 2}
    work = lambda: service.record(op, "patients", view, patient_id=patient_id)  # noqa: E731 - one statement
    perform(clinic.database, op, work)


def patients_of(clinic: Clinic) -> list[UUID]:
    return [stored["patient_id"] for stored in history(clinic) if stored["patient_id"]]


def test_a_body_is_blanked_only_after_the_entry_of_its_patients_erasure(clinic: Clinic) -> None:
    set_policy(clinic)
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
    set_policy(clinic)
    remember(clinic, 1)
    [patient_id] = patients_of(clinic)
    note_erasure(other, patient_id)
    assert refuses(clinic, blanking(clinic, patient_id))


def test_entries_after_the_erasure_keep_their_bodies(clinic: Clinic) -> None:
    set_policy(clinic)
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
    set_policy(clinic)
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


def unless_due(clinic: Clinic, patient_id: UUID) -> None:
    """Check that the database refuses to blank this patient's bodies, in every way."""
    before = history(clinic)
    assert refuses(clinic, blanking(clinic, patient_id))
    if not clinic.database.is_sqlite:
        with pytest.raises(DBAPIError, match="retention rules"), clinic.database.owning() as db:
            db.execute(ERASE, {"clinic": clinic.id, "patient": patient_id})
    assert history(clinic) == before


def blank(clinic: Clinic, patient_id: UUID) -> int:
    """Blank a patient's bodies as the program does, and return their number."""
    with clinic.database.writing(clinic.id, owning=True) as db:
        if clinic.database.is_sqlite:
            return db.execute(blanking(clinic, patient_id)).rowcount
        found: int = db.execute(ERASE, {"clinic": clinic.id, "patient": patient_id}).scalar_one()
        return found


def test_nothing_is_blanked_without_a_retention_policy(clinic: Clinic) -> None:
    remember(clinic, 1)
    [patient_id] = patients_of(clinic)
    note_erasure(clinic, patient_id)
    unless_due(clinic, patient_id)
    set_policy(clinic)
    assert blank(clinic, patient_id) == 1


def test_nothing_is_blanked_under_a_legal_hold(clinic: Clinic, api: Api) -> None:
    set_policy(clinic)
    patient_id = UUID(api.patient()["id"])
    held = clinic.operation("retention.hold")
    perform(clinic.database, held, lambda: retention.hold(held, patient_id, "r"))
    note_erasure(clinic, patient_id)
    unless_due(clinic, patient_id)
    with clinic.database.writing(clinic.id) as db:
        db.execute(delete(LegalHold).where(LegalHold.patient_id == patient_id))
    assert blank(clinic, patient_id) == 2


def test_a_body_is_blanked_on_its_day_and_not_before(clinic: Clinic) -> None:
    set_policy(clinic)
    remember(clinic, 2)
    one, other = patients_of(clinic)
    last = now()
    day = last.replace(year=last.year + YEARS, hour=0, minute=0, second=0, microsecond=0)
    note_erasure(clinic, one, day - timedelta(microseconds=1))
    unless_due(clinic, one)
    note_erasure(clinic, other, day)
    assert blank(clinic, other) == 1
    # A later change of one of the patient's records counts, however the erasure is dated.
    note_erasure(clinic, one, now())
    unless_due(clinic, one)


def test_a_29th_of_february_is_followed_by_whole_years(clinic: Clinic) -> None:
    set_policy(clinic)
    remember(clinic, 3)
    patients = patients_of(clinic)
    for patient_id, contact, early, due in (
        (patients[0], (2024, 2, 29), (2034, 2, 28), (2034, 3, 1)),
        (patients[1], (2018, 3, 1), (2028, 2, 29), (2028, 3, 1)),
        (patients[2], (2018, 2, 28), (2028, 2, 27), (2028, 2, 28)),
    ):
        [number] = [e["number"] for e in history(clinic) if e["patient_id"] == patient_id]
        touch(clinic, number, at=datetime(*contact, 12, tzinfo=UTC))
        note_erasure(clinic, patient_id, datetime(*early, 23, tzinfo=UTC))
        unless_due(clinic, patient_id)
        note_erasure(clinic, patient_id, datetime(*due, tzinfo=UTC))
        assert blank(clinic, patient_id) > 0


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_postgresql_erases_by_a_function_that_only_the_owner_may_call(clinic: Clinic) -> None:
    set_policy(clinic)
    remember(clinic, 2)
    one, other = patients_of(clinic)
    note_erasure(clinic, one)
    before: History = history(clinic)
    unless_due(clinic, other)
    where = {"clinic": clinic.id, "patient": one}
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        clinic.database.writing(clinic.id) as db,
    ):
        db.execute(ERASE, where)
    assert [blank(clinic, one), blank(clinic, one)] == [1, 0]
    assert history(clinic) == [blanked(stored, one) for stored in before]
    assert not may_erase(clinic, "public")
    assert not may_erase(clinic, SERVING_ROLE)


def may_erase(clinic: Clinic, role: str) -> bool:
    allowed = text("SELECT has_function_privilege(:role, :function, 'EXECUTE')")
    where = {"role": role, "function": "erase_ledger_bodies(uuid, uuid)"}
    with clinic.database.owning() as db:
        return bool(db.execute(allowed, where).scalar_one())


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_grant_of_an_earlier_version_is_revoked(clinic: Clinic) -> None:
    function = "FUNCTION erase_ledger_bodies(uuid, uuid)"
    with clinic.database.owning() as db, db.begin():
        db.execute(text(f"GRANT EXECUTE ON {function} TO {SERVING_ROLE}"))
    assert may_erase(clinic, SERVING_ROLE)
    with clinic.database.owning() as db, db.begin():
        grant(db)
    assert not may_erase(clinic, SERVING_ROLE)
