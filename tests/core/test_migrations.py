"""The migrations create the schema of the models, and can be undone step by step."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, event, inspect

from app.core.db import schema
from app.core.db.database import Database
from app.core.db.tables import Table
from app.core.values.access import Scope
from app.main import create_app
from tests import postgres
from tests.ground import Api, create_clinic
from tests.serving import ROOT
from tests.wire import wired

CONFIG = ROOT / "alembic.ini"
REVISIONS = [
    script.revision for script in ScriptDirectory.from_config(Config(CONFIG)).walk_revisions()
]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables."""
    if request.param == "sqlite":
        yield from opened(f"sqlite:///{tmp_path / 'empty.db'}")
    else:
        with postgres.server() as server, server.database() as url:
            yield from opened(url)


def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


def alembic(database: Database, act: Any, *arguments: str) -> None:
    """Run an Alembic command on a database."""
    config = Config(CONFIG)
    with database.owning() as db:
        config.attributes["connection"] = db
        act(config, *arguments)
        db.commit()


def tables(database: Database) -> set[str]:
    with database.engine.connect() as db:
        return set(inspect(db).get_table_names())


def differences(db: Connection) -> list[Any]:
    """Return the differences between the models and the database."""
    context = MigrationContext.configure(db, opts={"compare_server_default": True})
    found_: list[Any] = compare_metadata(context, Table.metadata)
    return found_


def shape(database: Database) -> dict[str, Any]:
    """Return each table with its columns, keys, indexes and checks."""
    with database.engine.connect() as db:
        seen = inspect(db)
        return {
            table: (
                [(c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(table)],
                seen.get_pk_constraint(table),
                sorted(map(str, seen.get_foreign_keys(table))),
                sorted(map(index_as_text, seen.get_indexes(table))),
                sorted(map(str, seen.get_check_constraints(table))),
            )
            for table in sorted(seen.get_table_names())
        }


def index_as_text(index: Any) -> str:
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return str({**index, "dialect_options": options})


def test_the_migrations_create_the_schema_of_the_models(empty: Database) -> None:
    schema.migrate(empty)
    alembic(empty, command.check)
    with empty.engine.connect() as db:
        assert differences(db) == []
    assert tables(empty) == set(Table.metadata.tables) | {"alembic_version"}
    assert schema.current(empty) == schema.head()


def test_the_migrations_create_every_check_of_the_models(empty: Database) -> None:
    schema.migrate(empty)
    with empty.owning() as db:
        found = inspect(db)
        for table in Table.metadata.sorted_tables:
            declared = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
            stored = {check["name"] for check in found.get_check_constraints(table.name)}
            assert stored == declared, table.name


def test_every_migration_goes_up_and_down_and_up(empty: Database) -> None:
    schema.migrate(empty)
    made = shape(empty)
    create_clinic(empty).key()
    for _ in REVISIONS:
        alembic(empty, command.downgrade, "-1")
    assert tables(empty) == {"alembic_version"}
    for revision in reversed(REVISIONS):
        alembic(empty, command.upgrade, revision)
        assert schema.current(empty) == revision
    assert shape(empty) == made
    alembic(empty, command.check)


def counted(database: Database) -> dict[str, int]:
    """Return the number of rows of each table."""
    names = sorted(tables(database) - {"alembic_version"})
    with database.owning() as db:
        return {
            name: db.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()  # noqa: S608 - our own tables
            for name in names
        }


def test_rows_that_refer_to_clients_survive_a_migration_of_that_table(
    empty: Database,
) -> None:
    """On SQLite the migration rebuilds the table, and must keep the rows that refer to it."""
    schema.migrate(empty)
    with wired(create_app(empty)) as wire:
        api = Api(wire, create_clinic(empty).key())
        given = api.tablet([Scope.MUSCLES_READ])
        key = {"Idempotency-Key": "k"}
        first = api.post("/v1/patients", {"given_name": "A"}, headers=key)
        before = counted(empty)
        alembic(empty, command.downgrade, "0006")
        schema.migrate(empty)
        after = counted(empty)
        # The upgrade states the credentials once more.
        assert after.pop("ledger_entries") > before.pop("ledger_entries")
        assert after == before
        assert before["stored_answers"] == before["devices"] == before["refresh_tokens"] == 1
        form = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
        assert wire.post("/oauth/token", data=form).status_code == 200
        assert api.post("/v1/patients", {"given_name": "A"}, headers=key).json() == first.json()


def test_migrating_again_changes_nothing(empty: Database) -> None:
    schema.migrate(empty)
    clinic = create_clinic(empty)
    made = shape(empty)
    schema.migrate(empty)
    assert shape(empty) == made
    op = clinic.operation()
    with empty.reading() as db:
        op.begin(db)
        assert op.db.exec_driver_sql("SELECT count(*) FROM clinics").scalar_one() == 1


def test_the_migrations_are_one_line_without_branches() -> None:
    scripts = ScriptDirectory.from_config(Config(CONFIG))
    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1
    assert scripts.get_current_head() == schema.head()


def test_the_clinic_leads_every_key_of_what_a_clinic_owns() -> None:
    wrong = []
    for table in Table.metadata.sorted_tables:
        keys = [list(table.primary_key.columns.keys())]
        keys += [[c.name for c in k.columns] for k in table.foreign_key_constraints]
        keys += [list(index.columns.keys()) for index in table.indexes if index.unique]
        wrong += [(table.name, key) for key in keys if key[0] != "clinic_id"]
    assert wrong == []


def test_every_index_of_a_clinics_rows_begins_with_the_clinic() -> None:
    """Except three: for the look-ups of tokens, and for the deletion of old answers."""
    others = {
        (table.name, *index.columns.keys())
        for table in Table.metadata.sorted_tables
        for index in table.indexes
        if next(iter(index.columns.keys())) != "clinic_id"
    }
    assert others == {
        ("ask_links", "digest"),
        ("clients", "id"),
        ("stored_answers", "created_at"),
    }


def test_a_database_that_is_not_migrated_is_not_ready(empty: Database) -> None:
    with wired(create_app(empty)) as wire:
        before = wire.get("/readyz")
        schema.migrate(empty)
        after = wire.get("/readyz")
        assert Api(wire, create_clinic(empty).key()).patient()
    assert (before.status_code, before.json()["type"]) == (503, "/problems/not-migrated")
    assert after.status_code == 200


def test_a_sqlite_file_gets_all_migrations_in_one_commit(
    tmp_path: Path,
) -> None:
    file = tmp_path / "new.db"
    database = Database(f"sqlite:///{file}")
    commits = []
    event.listen(database.engine, "commit", lambda _: commits.append(database))
    schema.migrate(database)
    assert len(commits) == 1
    assert schema.current(database) == schema.head()
