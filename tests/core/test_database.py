"""What the database's own faults become."""

import os
import socket
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from app.core.db.database import Database
from app.core.db.schema import migrate
from app.core.values.problems import Unavailable
from tests import postgres


@pytest.mark.parametrize(("code", "problem"), [("XX000", Unavailable), ("25006", DBAPIError)])
def test_a_fault_of_postgresql_itself_is_unavailable_and_no_other_is(
    code: str, problem: type[Exception]
) -> None:
    with (
        postgres.server() as server,
        server.database() as url,
        closing(Database(url)) as database,
    ):
        migrate(database)
        with pytest.raises(problem), database.writing() as db:
            db.execute(text(f"DO $$ BEGIN RAISE SQLSTATE '{code}'; END $$"))


@pytest.mark.parametrize("way", ["reading", "writing"])
def test_a_connection_that_is_cut_before_its_first_statement_is_unavailable(way: str) -> None:
    with postgres.server() as server, server.database() as url, closing(Database(url)) as database:
        with database.reading() as db:  # what SQLAlchemy asks of a server the first time
            db.execute(text("SELECT 1"))
        database.engine.dispose()
        event.listen(database.engine, "connect", lambda connection, _: cut(connection))
        with pytest.raises(Unavailable), getattr(database, way)() as db:
            db.execute(text("SELECT 1"))


def cut(connection: Any) -> None:
    """Cut a connection as a server does that ends: the driver sees it at the next statement."""
    with socket.socket(fileno=os.dup(connection.fileno())) as shared:
        shared.shutdown(socket.SHUT_RDWR)
