"""Row-level security of PostgreSQL: no statement reaches another clinic's rows."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, make_url, select, text, update
from sqlalchemy.exc import DBAPIError

from app.core.db.database import SERVING_ROLE, Database, set_clinic
from app.core.db.schema import migrate
from app.core.db.tables import Table
from app.core.values.clock import now, uuid7
from app.main import create_app
from tests import postgres
from tests.cli.program import run
from tests.ground import Api, Clinic, create_clinic
from tests.serving import free_port
from tests.sweeps.document import operations
from tests.sweeps.world import World
from tests.wire import wired

OWNED = [table for table in Table.metadata.sorted_tables if "clinic_id" in table.columns]
FOUND_FIRST = {"clients", "clinics", "ledger_heads", "outbox"}
TOKENS = {"ask_links"}
"""Found by a token too, where there are any."""
DENIED = "42501"
READ_ONLY = "25006"

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture(name="two")
def two_clinics_with_one_of_everything(api: Api, other_api: Api, clinic: Clinic) -> Clinic:
    for each in (api, other_api):
        world = World(each)
        for operation in operations():
            world.request(operation).by(each)
    return clinic


def clinics_seen(db: Connection) -> dict[str, set[Any]]:
    """Return the clinics whose rows a query without a clinic shows, by table."""
    return {t.name: set(db.execute(select(t.c.clinic_id).distinct()).scalars()) for t in OWNED}


def test_every_table_of_clinics_has_row_level_security(database: Database) -> None:
    walls = text(
        "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid"
        " WHERE polname = 'own_clinic' AND polcmd = '*' AND relrowsecurity AND relforcerowsecurity"
    )
    with database.reading() as db:
        assert sorted(db.execute(walls).scalars()) == sorted(table.name for table in OWNED)


def test_a_query_without_a_clinic_shows_only_the_operations_own(two: Clinic) -> None:
    with two.database.owning() as db:
        everything = clinics_seen(db)
    with two.database.reading(two.id) as db:
        seen = clinics_seen(db)
    assert {name: ids - {two.id} for name, ids in seen.items() if ids - {two.id}} == {}
    assert {name for name, ids in everything.items() if two.id in ids} == {
        name for name, ids in seen.items() if ids
    }
    assert len([name for name, ids in everything.items() if len(ids) > 1]) >= 20


def test_without_a_clinic_only_clinics_clients_outboxes_links_and_ledger_heads_are_visible(
    two: Clinic,
) -> None:
    for _ in range(3):  # also on a connection that was in a clinic before
        with two.database.reading(two.id), two.database.reading() as db:
            assert {name for name, ids in clinics_seen(db).items() if ids} - TOKENS == FOUND_FIRST
    with two.database.reading() as db:
        set_clinic(db, two.id)
        assert clinics_seen(db)["clinics"] == {two.id}


def test_a_reading_holds_no_transaction_and_changes_nothing(clinic: Clinic) -> None:
    state = text("SELECT state FROM pg_stat_activity WHERE pid = :pid")
    with clinic.database.reading(clinic.id) as db, clinic.database.owning() as watching:
        pid = db.execute(text("SELECT pg_backend_pid()")).scalar_one()
        assert watching.execute(state, {"pid": pid}).scalar_one() == "idle"
        with pytest.raises(DBAPIError) as refusal:
            db.execute(text("UPDATE clinics SET name = 'another'"))
    assert getattr(refusal.value.orig, "sqlstate", None) == READ_ONLY
    with clinic.database.reading(clinic.id) as db:
        assert clinics_seen(db)["clinics"] == {clinic.id}


def test_no_row_gets_into_another_clinic(two: Clinic, database: Database) -> None:
    other = create_clinic(database)
    patients = Table.metadata.tables["patients"]
    with two.database.reading(two.id) as db:
        row = dict(db.execute(select(patients).limit(1)).mappings().one())

    def refused(change: Callable[[Connection], Any]) -> str:
        with pytest.raises(DBAPIError) as refusal, two.database.writing(two.id) as db:
            change(db)
        return str(getattr(refusal.value.orig, "sqlstate", None))

    foreign = {**row, "id": uuid7(), "clinic_id": other.id}
    assert refused(lambda db: db.execute(insert(patients), foreign)) == DENIED
    moved = update(patients).where(patients.c.id == row["id"]).values(clinic_id=other.id)
    assert refused(lambda db: db.execute(moved)) == DENIED
    with other.database.writing(other.id) as db:
        assert db.execute(update(patients).values(updated_at=now())).rowcount == 0


def test_a_superusers_connection_serves_as_a_role_without_rights(database: Database) -> None:
    with database.reading() as db:
        assert db.execute(text("SELECT current_user, session_user")).one() == (
            SERVING_ROLE,
            "postgres",
        )
    with pytest.raises(DBAPIError) as refusal, database.writing() as db:
        db.execute(text("ALTER TABLE patients DISABLE ROW LEVEL SECURITY"))
    assert getattr(refusal.value.orig, "sqlstate", None) == DENIED


@pytest.fixture(name="as_role")
def url_of_a_role(database: Database) -> Iterator[Callable[[str], str]]:
    """Create roles with attributes, and return their URLs of one empty database."""
    assert not database.is_sqlite
    with postgres.server() as server, server.database() as url:
        made: list[str] = []

        def make(attributes: str) -> str:
            name = f"role_{uuid7().hex}"
            with closing(Database(url)) as admin, admin.owning() as db, db.begin():
                db.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'made up' {attributes}"))
                db.execute(text(f"GRANT CREATE, USAGE ON SCHEMA public TO {name}"))
            made.append(name)
            with_role = make_url(url).set(username=name, password="made up")
            return with_role.render_as_string(hide_password=False)

        yield make
        with closing(Database(url)) as admin, admin.owning() as db, db.begin():
            for name in made:
                db.execute(text(f"DROP OWNED BY {name}"))
                db.execute(text(f"DROP ROLE {name}"))


def test_row_level_security_applies_to_the_owner_of_the_tables_too(
    as_role: Callable[[str], str], tmp_path: Path
) -> None:
    url = as_role("")
    with closing(Database(url)) as database:
        migrate(database)
        with wired(create_app(database)) as wire:
            clinic = create_clinic(database)
            other = Api(wire, create_clinic(database).key())
            assert Api(wire, clinic.key()).session()
            assert other.get("/v1/sessions").json()["items"] == []
        with database.reading() as db:
            seen = {name for name, ids in clinics_seen(db).items() if ids}
        assert seen == FOUND_FIRST - {"outbox"}  # nothing was raised
    backup = run(url, tmp_path, "backup", "nightly.backup")
    assert backup.code == 1
    assert "NEEDLEWORK_OWNER_URL" in backup.err


def test_a_role_that_bypasses_row_level_security_may_not_serve(
    as_role: Callable[[str], str], tmp_path: Path
) -> None:
    url = as_role("BYPASSRLS")
    assert run(url, tmp_path, "migrate").code == 0
    refused = run(url, tmp_path, "serve", "--port", str(free_port()))
    assert refused.code == 1
    assert "BYPASSRLS" in refused.err
    checks = {each["check"]: each["state"] for each in run(url, tmp_path, "doctor", "--json").data}
    assert checks["row-level security"] == "broken"
