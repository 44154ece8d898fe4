"""What the database's own faults become."""

from contextlib import closing

import pytest
from sqlalchemy import text
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
