"""No read scans a large table.

The tables are filled with copies of one clinic's records, with other ids and times. The tests then
run EXPLAIN for each statement of each operation.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import to_json
from sqlalchemy import Column, text

from app.alerts.service import Alarm, raise_alerts
from app.core.db.database import Database
from app.core.db.schema import migrate
from app.core.db.tables import Table
from app.core.operation import perform
from app.deliveries.courier import deliver_in
from app.main import create_app
from tests import postgres
from tests.clinics.test_clinic import change
from tests.clinics.test_recipients import DANA
from tests.ground import Api, Clinic, create_clinic
from tests.sweeps.document import operations, resolved
from tests.sweeps.test_statements import listening
from tests.sweeps.world import ASKS, REFERENCES, World
from tests.wire import wired

COPIES = 5_000
PATIENTS = 100
# Tables so small that a full scan is the best plan.
SMALL = {
    *("clinics", "clients", "devices", "emergencies", "identities", "owners", "accounts"),
    *("access_tokens", "browser_tokens", "refresh_tokens", "stored_answers"),
    *("practitioners", "legal_holds", "thresholds", "terms", "term_words"),
    *("ledger_heads", "ledger_tiles", "ledger_checkpoints", "retention_policies"),
}
LARGE = [table for table in Table.metadata.sorted_tables if table.name not in SMALL]
TIMES = ("occurred_at", "taken_at", "reported_at", "updated_at", "at")
# An export reads a whole table.
READS = [o for o in operations() if not o.writes and o.name != "exports.read"]


@pytest.fixture
def filled() -> Iterator[tuple[Clinic, World]]:
    """A PostgreSQL database with one clinic that has many records."""
    with postgres.server() as server, server.database() as url:
        database = Database(url)
        migrate(database)
        with wired(create_app(database)) as wire:
            clinic = create_clinic(database)
            world = World(Api(wire, clinic.key()))
            one_of_each_kind(world)
            change(world.api, alert_recipients=[DANA])
            op = clinic.operation()
            alarm = Alarm("sessions", clinic.id, ["breathlessness"])
            perform(database, op, lambda: raise_alerts(op, [alarm]))
            deliver_in(database, clinic.id)  # which fails, and leaves its row
            with database.owning() as db, db.begin():
                db.execute(text("SET session_replication_role = replica"))
                for table in LARGE:
                    # A slow analysis of the few rows from before would replace the statistics.
                    db.execute(text(f"ALTER TABLE {table.name} SET (autovacuum_enabled = false)"))
                    db.execute(text(copies(table)))
                db.execute(text("ANALYZE"))
            yield clinic, world
        database.close()


def one_of_each_kind(world: World) -> None:
    for operation in operations():
        if operation.name.endswith(".create") and operation.body_model:
            assert world.request(operation).by(world.api).is_success
    world.make(ASKS)


def copies(table: Any) -> str:
    """The statement that fills a table with copies of its first row."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    values = ", ".join(copied(table.name, column) for column in table.columns)
    return (
        f"INSERT INTO {table.name} ({names}) SELECT {values} "  # noqa: S608 - names of our own tables
        f"FROM (SELECT * FROM {table.name} LIMIT 1) one, generate_series(1, {COPIES}) n"
    )


def copied(table: str, column: Column[Any]) -> str:
    """The value of a column in a copy; most columns stay the same."""
    name = column.name
    if (table, name) == ("patient_identifiers", "owner_id"):
        name = "patient_id"
    if (table, name) == ("alerts", "status"):
        return "CASE WHEN n % 50 = 0 THEN 'open' ELSE 'acknowledged' END"
    return {
        "number": "1000000 + n",
        "position": "n" if table == "patient_words" else '"position"',
        "kind": "(ARRAY['change', 'access'])[1 + n % 2]" if table == "ledger_entries" else '"kind"',
        "patient_id": f"md5('patient' || n % {PATIENTS})::uuid",
        "value": "'v' || n" if table.endswith("identifiers") else '"value"',
        "birth_date": "date '1950-01-01' + n % 20000",
        **{id_: f"md5('{id_}' || n)::uuid" for id_ in ("session_id", "owner_id", "episode_id")},
        **dict.fromkeys(("id", "resource_id", "screening_id"), "md5('id' || n)::uuid"),
        **dict.fromkeys(TIMES, "now() - n * interval '1 hour'"),
        "source_key": "'source' || n",
        **{word: f"'{word}' || n % 500" for word in ("word", "muscle", "lot", "lot_folded")},
    }.get(name, f'"{name}"')


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A node of a plan, and all nodes below it."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def asked(world: World) -> Iterator[tuple[str, Any]]:
    """Every read, without a filter, with each filter alone, and with a cursor."""
    for operation in READS:
        sent = world.request(operation)
        if operation.name == "outcomes.read":  # reads its whole period, so the period must be short
            begin = (datetime.now(UTC) - timedelta(days=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
            sent.path = f"{sent.path}?by=region&from={begin}"
            yield operation.name, sent
            continue
        yield operation.name, sent
        path = sent.path
        limit = "&limit=20" if "limit" in operation.parameters("query") else ""
        for name, parameter in operation.parameters("query").items():
            values = VALUES.get(name, resolved(parameter["schema"]).get("enum", ()))
            for value in (world.known(REFERENCES[name]),) if name in REFERENCES else values:
                sent.path = f"{path}?{name}={value}{limit}"
                yield f"{operation.name} by {name}={value}", sent
        if operation.name == "patients.search":
            for body in SEARCHES:
                sent.content = to_json(body)
                yield f"{operation.name} by {body}", sent
        if operation.name.endswith(".list"):
            sent.path = f"{path}?limit=20"
            following = sent.by(world.api).json()["next"]
            if following:
                sent.path = following
                yield f"{operation.name} page 2", sent


SEARCHES: tuple[dict[str, str], ...] = (
    {"given_name": "x"},
    {"family_name": "word1", "given_name": "word10"},
    {"family_name": "word1", "birth_date": "1950"},
    {"birth_date": "1950-01-01"},
    {"q": "word1"},
    {"q": "word1 word10"},
    {"q": "word word11x"},
    {"q": "word1 1950"},
    {"q": "1950-01-01"},
    {"q": "v100"},
)
VALUES = {
    "occurred_from": ("2020-01-01T00:00:00Z", "2198-01-01T00:00:00Z"),
    "occurred_to": ("1920-01-01T00:00:00Z", "2198-01-01T00:00:00Z"),
    "updated_from": ("2020-01-01T00:00:00Z", "2198-01-01T00:00:00Z"),
    "muscle": ("infraspinatus",),
    "identifier": ("s%7Cv",),
    "after": ("5", "1004000"),
    "instrument": ("nprs", "groc"),
    "as_of": (f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",),
}


def test_no_read_scans_or_sorts_a_large_table(filled: tuple[Clinic, World]) -> None:
    clinic, world = filled
    slow: dict[str, Any] = {}
    large = {table.name for table in LARGE}
    for name, sent in asked(world):
        with listening(clinic.database) as heard:
            assert sent.by(world.api).status_code in {200, 404}, name
        with clinic.database.reading(clinic.id) as db:
            for statement, parameters in heard:
                explained = db.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
                for node in nodes(explained.scalar_one()[0]["Plan"]):
                    scans = node["Node Type"] == "Seq Scan" and node["Relation Name"] in large
                    sorts = "Sort" in node["Node Type"] and node["Plan Rows"] > 1_000
                    if scans or sorts:
                        slow[name] = (node["Node Type"], node.get("Relation Name"), statement[:300])
    assert slow == {}


def test_sqlite_scans_no_table_either(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'plans.db'}")
    migrate(database)
    scans = {}
    with wired(create_app(database)) as wire:
        world = World(Api(wire, create_clinic(database).key()))
        one_of_each_kind(world)
        for name, sent in asked(world):
            with listening(database) as heard:
                sent.by(world.api)
            with database.engine.connect() as db:
                for statement, parameters in heard:
                    if statement.startswith(("SELECT", "WITH")):
                        steps = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                        for step in steps:
                            words = step.detail.split()
                            if words[0] == "SCAN" and words[1] in Table.metadata.tables:
                                scans[name] = (step.detail, statement[:300])
    database.close()
    assert scans == {}
