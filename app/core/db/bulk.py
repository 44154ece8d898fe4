"""Insert many rows with one statement whose text never changes.

A statement that grows with its rows is compiled again for each number of rows. A driver's
`executemany` binds every value separately. So PostgreSQL gets the rows as one JSON value, which
it unpacks in C. SQLite runs inside the process, so `executemany` is cheap there.
"""

import logging
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic_core import to_json
from sqlalchemy import (
    Connection,
    LargeBinary,
    text,
)
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.exc import DBAPIError

from app.core.db.tables import Table

Rows = Sequence[dict[str, Any]]
_LOG = logging.getLogger(__name__)
_ANALYZE_NEW = text("SELECT analyze_new_tables()")


def insert_rows(db: Connection, rows: Mapping[type[Table], Rows]) -> None:
    """Insert rows, by column name, into one or more tables. A missing column becomes null."""
    tables = tuple(sorted(rows, key=_rank))
    if db.dialect.name == "postgresql":
        # Foreign keys are checked at the end of the statement, so any order works.
        values = tuple(_json(table, rows[table]) for table in tables)
        db.exec_driver_sql(_from_json(tables), values)
    else:
        for table in tables:
            db.execute(_insert(table), rows[table])


def insert_unless_taken(db: Connection, table: type[Table], row: dict[str, Any]) -> bool:
    """Insert one row unless its key is taken. Return whether it was inserted."""
    if db.dialect.name == "postgresql":
        statement = _from_json((table,)) + " ON CONFLICT DO NOTHING"
        return db.exec_driver_sql(statement, (_json(table, [row]),)).rowcount > 0
    return db.execute(_insert(table).on_conflict_do_nothing(), row).rowcount > 0


@cache
def _rank(table: type[Table]) -> int:
    """Return a table's place in the order in which referenced tables come first."""
    return [other.name for other in Table.metadata.sorted_tables].index(table.__tablename__)


def _json(table: type[Table], rows: Rows) -> str:
    for name in _binary(table):
        rows = [
            {**row, name: None if row[name] is None else "\\x" + row[name].hex()} for row in rows
        ]
    return to_json(rows).decode()


@cache
def _from_json(tables: tuple[type[Table], ...]) -> str:
    *first, last = [
        f"INSERT INTO {name} SELECT * FROM json_populate_recordset(NULL::{name}, %s)"  # noqa: S608 - our own tables' names
        for name in (table.__tablename__ for table in tables)
    ]
    return (
        "".join(f"{', ' if n else 'WITH '}step_{n} AS ({step}) " for n, step in enumerate(first))
        + last
    )


@cache
def _insert(table: type[Table]) -> Insert:
    return insert(table)


@cache
def _binary(table: type[Table]) -> tuple[str, ...]:
    return tuple(
        column.key for column in table.__table__.columns if isinstance(column.type, LargeBinary)
    )


def analyze_new(db: Connection) -> None:
    """Analyze tables that have just received their first rows (PostgreSQL only).

    Without statistics, PostgreSQL's planner rates every index that begins with the clinic as
    highly as the primary key. Each foreign key check may then read all of a clinic's rows.

    What follows is only slower without it, so a failure is logged, and nothing else.
    """
    if db.dialect.name == "postgresql":
        try:
            with db.begin_nested():
                db.execute(_ANALYZE_NEW)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            code = getattr(error.orig, "sqlstate", None)
            _LOG.warning("ANALYZE failed: %s %s", type(error.orig).__name__, code)
