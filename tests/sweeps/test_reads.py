"""An operation reads what it is asked for, and no more when other records are added.

Each operation runs twice: in a clinic with few records, and after that clinic and another one have
received the records of many more patients. The database itself counts what it reads.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import to_json
from sqlalchemy import text

from app.core.db.database import Database
from app.core.db.tables import Table
from app.core.operation import perform
from app.core.values.clock import uuid7
from app.kinds import AS_ROWS
from app.ledger import keeper
from app.main import create_app
from app.transfer.again import create_items
from app.transfer.bodies import read_row
from tests.ground import Api, Clinic, create_clinic, migrated_like
from tests.sweeps.counts import Count, counted
from tests.sweeps.document import operations
from tests.sweeps.test_plans import asked, one_of_each_kind
from tests.sweeps.world import REFERENCES, Sent, World
from tests.wire import wired

OTHERS = 300
"""How many patients are added to each clinic, each with one record of each kind."""
BATCH = 400
ALLOWED = {"sqlite": 3 * OTHERS, "postgresql": OTHERS // 2}
"""How many more steps or rows an operation may read, for words that the sweep itself adds.

A row that is read and left out costs SQLite five steps.
"""
OF_THE_CLINIC = {"practitioners", "terms", "thresholds"}
"""A clinic has few of these, so they may be read as a whole."""
SETTINGS = ("enable_seqscan = off", "random_page_cost = 1.1")
"""With these, PostgreSQL plans for small tables as for large ones, which are in memory."""
RIGHTLY = {
    "audit.export": "It answers the whole ledger.",
    "audit.checkpoint": "It reads the entries since the last complete tile, up to 255.",
    "audit.proof": "It reads the entries since the last complete tile, up to 255.",
    "audit.consistency": "It reads the entries since the last complete tile, up to 255.",
    "emergencies.unreviewed": "It reads the ledger for as long as the access lasted.",
    "patients.everything": "It answers who looked at the patient, and the sweep itself does.",
    "needle_lots.patients": "It compares the lot with every lot of the clinic, each read once.",
    "outcomes.read": "It answers figures of the whole clinic.",
}
# A page of what was changed since is in the order of the visits. SQLite reads the visits in that
# order, which is best where most were changed since. PostgreSQL decides by its statistics.
# Without statistics, PostgreSQL rates any index that begins with the clinic as the primary key.
# So an import analyzes new tables, and autovacuum does so within a minute.
KNOWN: dict[tuple[str, bool], dict[str, int]] = {
    ("sqlite", False): {"sessions.list by updated_from": 200},
    ("sqlite", True): {"sessions.list by updated_from": 6},
    ("postgresql", False): {
        **dict.fromkeys(("*.create", "*.replace", "*.update", "*.sign", "*.amend"), 4),
        "progress.*": 8,
        "timeline.list": 6,
        "*.list by patient_id": 2,
    },
    ("postgresql", True): {},
}
"""Known faults, by database and whether it has statistics: how much is read for each patient added.

May only get shorter."""


@pytest.fixture
def own(database: Database, tmp_path: Path) -> Iterator[Database]:
    """A database that only this sweep uses, and that nothing else analyzes."""
    with migrated_like(database, tmp_path) as own:
        if not own.is_sqlite:
            with own.owning() as db, db.begin():
                for setting in SETTINGS:
                    db.execute(text(f"ALTER DATABASE {own.engine.url.database} SET {setting}"))
                for table in Table.metadata.tables:
                    db.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = off)"))
        own.close()  # new connections have the settings, and are counted
        yield own


def of_another(world: World, number: int) -> Iterator[dict[str, Any]]:
    """The rows of an import: one more patient, and a record of each kind."""
    kinds = [kind for kind in AS_ROWS if kind.noun not in OF_THE_CLINIC]
    ids = {kind.noun: str(uuid7()) for kind in kinds}
    for kind in kinds:
        row = world.example(kind.body.__name__)
        fields = {*kind.body.model_fields, *(["session_id"] if kind.noun == "follow_ups" else ())}
        row |= {f: ids[noun] for f, noun in REFERENCES.items() if f in fields and noun in ids}
        if kind.noun == "patients":
            born = f"2001-01-{1 + number % 28:02}"
            row |= {"given_name": f"G{number}", "family_name": f"F{number}", "birth_date": born}
        if kind.noun == "measurements":
            row["taken_at"] = "2026-11-21T08:00:00-08:00"  # within a day of the session
        for needling in row.get("needlings", ()):
            needling["needle"]["lot"] = f"lot{number}"
        yield row | {"type": kind.singular, "id": ids[kind.noun]}


def fill(clinic: Clinic, world: World) -> None:
    """Add the other patients, as an import does, but without its statistics."""
    rows = [to_json(row) for number in range(OTHERS) for row in of_another(world, number)]
    for first in range(0, len(rows), BATCH):
        items = [read_row(row, clinic.id) for row in rows[first : first + BATCH]]
        op = clinic.operation("imports.create")
        done = perform(clinic.database, op, lambda op=op, items=items: create_items(op, items))  # type: ignore[misc]
        assert [outcome.problem.members for outcome in done if outcome.problem] == []
    keeper.keep(clinic.database)


def reads(world: World) -> Iterator[tuple[str, Sent]]:
    """Every read, of a patient without records and of one with some; one record of each list."""
    limited = {o.name for o in operations() if "limit" in o.parameters("query")}
    for name, sent in asked(world):
        path = re.sub(r"(?<=[?&])limit=\d+&?", "", sent.path).rstrip("?&")
        if name.split()[0] in limited:
            path += f"{'&' if '?' in path else '?'}limit=1"
        patients = re.sub(r"(?<=/patients/)[^/]+(?=/)", world.known("patients"), path)
        yield from ((name, replace(sent, path=path)) for path in dict.fromkeys((path, patients)))


def writes(world: World) -> Iterator[tuple[str, Sent]]:
    """Every write, each of a new record."""
    return ((o.name, world.request(o)) for o in operations() if o.writes)


def measured(now: Count, world: World, requests: Iterable[tuple[str, Sent]]) -> Iterator[int]:
    """What each request reads."""
    for name, sent in requests:
        before = now()
        assert sent.by(world.api).status_code in {200, 201, 404, 410}, name
        yield now() - before


@pytest.mark.parametrize("statistics", [False, True], ids=["bare", "analyzed"])
def test_an_operation_reads_no_more_when_other_records_are_added(
    own: Database, *, statistics: bool
) -> None:
    with counted(own) as now, wired(create_app(own)) as wire:
        clinic, elsewhere = create_clinic(own), create_clinic(own)
        world = World(Api(wire, clinic.key()))
        one_of_each_kind(world)
        few = list(measured(now, world, writes(world)))
        fixed = list(reads(world))
        few += measured(now, world, fixed)
        fill(clinic, world)
        fill(elsewhere, World(Api(wire, elsewhere.key())))
        if statistics:
            with own.owning() as db, db.begin():
                db.execute(text("ANALYZE"))
            own.close()
        of_reads = list(measured(now, world, fixed))
        many = [*measured(now, world, writes(world)), *of_reads]
    kind = own.engine.dialect.name
    names = [*(o.name for o in operations() if o.writes), *(name for name, _ in fixed)]
    grown = {
        name: (less, more)
        for name, less, more in zip(names, few, many, strict=True)
        if name not in RIGHTLY and more - less > most(kind, name, statistics=statistics)
    }
    assert grown == {}


def most(kind: str, name: str, *, statistics: bool) -> int:
    """How many more steps or rows an operation may read."""
    known = KNOWN[kind, statistics].items()
    matching = [
        each * OTHERS for pattern, each in known if fnmatchcase(name.partition("=")[0], pattern)
    ]
    return max(matching, default=ALLOWED[kind])
