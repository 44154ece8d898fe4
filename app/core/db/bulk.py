"""Many rows, or many ids, in one statement whose text never changes.

A statement that grows with its rows is compiled anew for each number of them, and a driver's
executemany binds every value by itself. So PostgreSQL is handed the rows as one JSON value,
which it takes apart in C; SQLite, which runs inside the process, gets its executemany.
"""

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

from app.core.db.tables import Table

Rows = Sequence[dict[str, Any]]
_ANALYZE_NEW = text("SELECT analyze_new_tables()")


def insert_rows(db: Connection, rows: Mapping[type[Table], Rows]) -> None:
    """Insert rows of one or more tables, given by column name; what a row leaves out is null."""
    tables = tuple(sorted(rows, key=_rank))
    if db.dialect.name == "postgresql":
        # Foreign keys are checked when the whole statement is done, so the order is free.
        values = tuple(_json(table, rows[table]) for table in tables)
        db.exec_driver_sql(_from_json(tables), values)
    else:
        for table in tables:
            db.execute(_insert(table), rows[table])


def insert_unless_taken(db: Connection, table: type[Table], row: dict[str, Any]) -> bool:
    """Insert one row unless its key is taken; answers whether it was inserted."""
    if db.dialect.name == "postgresql":
        statement = _from_json((table,)) + " ON CONFLICT DO NOTHING"
        return db.exec_driver_sql(statement, (_json(table, [row]),)).rowcount > 0
    return db.execute(_insert(table).on_conflict_do_nothing(), row).rowcount > 0


@cache
def _rank(table: type[Table]) -> int:
    """Where a table stands if those that others refer to come first."""
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
    """Tell PostgreSQL's planner about tables that have just got their first rows.

    Until it knows them it takes every index that begins with the clinic for as good as the
    primary key. A foreign key's check then reads the whole clinic: 10,000 rows, say, for each row.
    """
    if db.dialect.name == "postgresql":
        db.execute(_ANALYZE_NEW)
