"""R9: migrating while a clinic works neither fails its requests nor blocks them."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text

from app.core.db.database import Database
from app.core.db.schema import current, head, migrate
from tests import postgres
from tests.cli.program import run
from tests.faults.account import check_account
from tests.faults.conftest import Site
from tests.faults.load import Load
from tests.faults.test_kill import wait_for
from tests.serving import ROOT

GIVEN_UP_WITHIN_S = 60.0
REST_S = 0.1


def test_migrating_again_under_load_fails_no_request(
    site: Site, record_property: Callable[[str, object], None]
) -> None:
    load = Load(site, 2)
    with load.running(REST_S):
        wait_for(load, 5)
        assert run(site.deployment.url, ROOT, "migrate").code == 0
        wait_for(load, 5)
    assert {one.attempts for one in load.written} == {1}
    check_account(site.clinic)
    record_property("changes acknowledged", len(load.written))


@pytest.fixture(name="older")
def database_at_the_migration_before() -> Iterator[Database]:
    with postgres.server() as server, server.database() as url, closing(Database(url)) as database:
        migrate(database)
        config = Config(ROOT / "alembic.ini")
        with database.owning() as db:
            config.attributes["connection"] = db
            command.downgrade(config, "0010")  # the next one alters tables
            db.commit()
        yield database


def test_a_migration_gives_up_if_a_table_is_locked(older: Database) -> None:
    before = current(older)
    assert before != head()
    url = older.engine.url.render_as_string(hide_password=False)
    with older.owning() as db, db.begin():
        db.execute(text("SET idle_in_transaction_session_timeout = 0"))
        # Lock like a writer; the tables include all that the migration alters or refers to.
        tables = ", ".join(inspect(db).get_table_names())
        db.execute(text(f"LOCK TABLE {tables} IN ROW EXCLUSIVE MODE"))
        began = time.monotonic()
        refused = run(url, ROOT, "migrate")
        assert time.monotonic() - began < GIVEN_UP_WITHIN_S
    assert refused.code == 1
    assert "lock timeout" in refused.err
    assert current(older) == before
    assert run(url, ROOT, "migrate").code == 0
    assert current(older) == head()
