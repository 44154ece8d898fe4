"""Every statement is restricted to one clinic."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic_core import from_json
from sqlalchemy import event

from app.core.db.database import Database
from app.core.db.tables import Table
from tests.ground import Api
from tests.sweeps.document import operations
from tests.sweeps.world import World

OWNED = {name for name, table in Table.metadata.tables.items() if "clinic_id" in table.columns}
# Statements that find the clinic can't be restricted to it. Nor can those of the keeper, which
# works for all clinics. This list may only get shorter.
EXCEPTIONS = {
    "clients": re.compile(r"FROM clients\s+WHERE clients\.id = "),
    "ledger_heads": re.compile(r"FROM ledger_heads ORDER BY ledger_heads\.clinic_id$"),
}
MENTION = re.compile(r"\b(?:FROM|JOIN|UPDATE|INTO|,)\s+([a-z_]+)\b(?:\s+AS\s+([a-z_0-9]+))?")
ROWS_AS_JSON = re.compile(
    r"INSERT INTO (\w+) SELECT \* FROM json_populate_recordset\(NULL::\1, %s\)"
)
AROUND_THEM = re.compile(r"(WITH )?(,? ?step_\d+ AS \(\) )*( ON CONFLICT DO NOTHING)?")


def are_json_rows(statement: str, parameters: Any) -> bool:
    """Whether a statement only inserts rows that are its parameters."""
    rest, inserts = ROWS_AS_JSON.subn("", statement)
    return inserts == len(parameters) and AROUND_THEM.fullmatch(rest) is not None


@contextmanager
def listening(database: Database) -> Iterator[list[tuple[str, Any]]]:
    heard: list[tuple[str, Any]] = []

    def note(_db: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if not statement.startswith(("BEGIN", "SET")):
            heard.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield heard
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def strays(statement: str, parameters: Any = ()) -> set[str]:
    """The clinic-owned tables that a statement doesn't restrict to one clinic."""
    found = set()
    if are_json_rows(statement, parameters):
        every_row = (row for rows in parameters for row in from_json(rows))
        return set() if all("clinic_id" in row for row in every_row) else {"rows"}
    for table, alias in MENTION.findall(statement):
        if table not in OWNED:
            continue
        name = alias or table
        single = statement.startswith(("INSERT", "UPDATE", "DELETE"))
        held = re.search(rf"\b{name}\.clinic_id = ", statement) or (
            single and re.search(r"\bclinic_id\b", statement)
        )
        excepted = table in EXCEPTIONS and EXCEPTIONS[table].search(statement)
        if not held and not excepted:
            found.add(table)
    return found


def test_every_statement_names_the_clinic(api: Api, database: Database) -> None:
    world = World(api)
    with listening(database) as heard:
        for operation in operations():
            sent = world.request(operation)
            for _ in range(2):
                sent.by(api, Idempotency_Key=f"key-{operation.name}")
    assert len(heard) > 100
    assert {statement for statement, parameters in heard if strays(statement, parameters)} == set()


def test_an_unrestricted_statement_is_detected() -> None:
    assert strays("SELECT patients.id FROM patients WHERE patients.id = ?") == {"patients"}
    assert strays("UPDATE sessions SET note = ? WHERE id = ?") == {"sessions"}
    assert strays(
        "SELECT 1 FROM sessions, needlings WHERE sessions.clinic_id = ? AND needlings.session_id=1"
    ) == {"needlings"}
    assert strays("SELECT sessions.id FROM sessions WHERE sessions.clinic_id = ?") == set()
