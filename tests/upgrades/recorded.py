"""Databases of earlier versions, as those versions wrote them.

Each file in `data` is a small clinic that the program of a revision's own time made by its command
line and its API.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.core.db.database import Database
from app.core.db.timeouts import lift_timeouts
from tests.serving import ROOT

DATA = Path(__file__).with_name("data")
CONFIG = ROOT / "alembic.ini"
MADE_OWNER = "owners.create"


class Recording(NamedTuple):
    """The content of a database, by table: its columns, and rows as SQLite stores them."""

    revision: str
    clinic_id: UUID
    api_key: str
    tables: dict[str, Any]

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """The rows of a table, by column."""
        held = self.tables.get(table, {"columns": [], "rows": []})
        return (dict(zip(held["columns"], row, strict=True)) for row in held["rows"])

    def without_owner(self) -> "Recording":
        """The recording as PostgreSQL could have it, which had no owners before accounts.

        The owner was made by the last entries but those of a device, so the ledger ends earlier.
        """
        numbers = [e["number"] for e in self.rows("ledger_entries") if e["operation"] == MADE_OWNER]
        if not numbers or "accounts" in self.tables:
            return self
        last = min(numbers) - 1
        kept = {
            "clients": [row for row in self.rows("clients") if row["kind"] == "api_key"],
            "ledger_entries": [e for e in self.rows("ledger_entries") if e["number"] <= last],
            "ledger_heads": [row | {"size": last} for row in self.rows("ledger_heads")],
        }
        tables = {
            name: {"columns": [*rows[0]], "rows": [[*row.values()] for row in rows]}
            for name, rows in kept.items()
        }
        others = {n: held for n, held in self.tables.items() if n not in {"owners", "devices"}}
        return self._replace(tables=others | tables)

    def newest(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The newest body of each record, by resource and id, as the program then wrote it."""
        found = {}
        for entry in self.rows("ledger_entries"):
            if entry["kind"] == "change" and entry["body"] and entry["version"]:
                body = json.loads(entry["body"])
                found[entry["resource"], body["id"]] = body
        return found


@lru_cache
def revisions() -> tuple[str, ...]:
    """Every revision, the oldest first."""
    walked = ScriptDirectory.from_config(Config(CONFIG)).walk_revisions()
    return tuple(reversed([script.revision for script in walked]))


@lru_cache
def recordings() -> dict[str, Recording]:
    """Every recording, by its revision."""
    found = {}
    for path in sorted(DATA.glob("*.json")):
        held = json.loads(path.read_text("utf-8"))
        made = Recording(held["revision"], UUID(held["clinic"]), held["api_key"], held["tables"])
        found[made.revision] = made
    return found


def migrate_to(database: Database, revision: str, *, down: bool = False) -> None:
    """Take a database to a revision, up or down."""
    config = Config(CONFIG)
    act = command.downgrade if down else command.upgrade
    with database.owning() as db:
        lift_timeouts(db)
        if not database.is_sqlite:
            db.execute(sa.text("SET idle_in_transaction_session_timeout = 0"))
            db.commit()
        config.attributes["connection"] = db
        act(config, revision)
        db.commit()


def fill(database: Database, recording: Recording) -> None:
    """Insert a recording into a database at its revision."""
    if not database.is_sqlite:
        recording = recording.without_owner()
    with database.owning() as db:
        lift_timeouts(db)
        if not database.is_sqlite:
            db.execute(sa.text("SET idle_in_transaction_session_timeout = 0"))
        schema = sa.MetaData()
        schema.reflect(db, only=list(recording.tables))
        for table in schema.sorted_tables:
            for row in recording.rows(table.name):
                db.execute(table.insert().values(_typed(table, row)))
        db.commit()


def _typed(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row as the driver of its database takes it."""
    return {name: _value(table.c[name].type, value) for name, value in row.items()}


def _value(type_: sa.types.TypeEngine[Any], value: Any) -> Any:
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"])
    if value is None:
        return sa.null()  # a JSON column would store the JSON null
    if isinstance(type_, sa.DateTime):
        return datetime.fromisoformat(value).replace(tzinfo=UTC if type_.timezone else None)
    for of, read in READERS.items():
        if isinstance(type_, of):
            return read(value)
    return value


READERS: Mapping[type, Callable[[Any], Any]] = {
    sa.JSON: json.loads,
    sa.Uuid: UUID,
    sa.Boolean: bool,
    sa.Date: date.fromisoformat,
}
