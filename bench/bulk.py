"""W5: import sessions over HTTP, compared with a bare COPY of the same rows."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection

import psycopg
from psycopg import sql
from pydantic_core import to_json

from app.core.clock import uuid7
from app.core.database import Database
from app.core.schema import migrate
from bench import report
from bench.growth import analyze
from bench.report import Figures
from bench.systems import System, libpq
from bench.visits import Content
from tests.postgres import OwnServer
from tests.serving import HOST

WORK = "W5"
SESSIONS = 1_000
PEOPLE = ("clinics", "practitioners", "patients")
ROWS = {"sessions": "id", "needlings": "session_id"}


def measure(postgres: OwnServer, systems: list[System], rounds: int) -> list[Figures]:
    """Import sessions into each system, and COPY the rows that the import made on PostgreSQL."""
    figures = []
    stored = next(libpq(system.url) for system in systems if system.postgres is not None)
    with _bare(postgres, stored) as bare:
        for round_ in range(rounds + 1):
            for system in systems:
                ids = [str(uuid7()) for _ in range(SESSIONS)]
                turn = [_import(system, ids)]
                if system.postgres is not None:
                    turn.insert(0, _copy(system, bare, ids))
                figures += turn if round_ else []
    return figures


def _import(system: System, ids: list[str]) -> Figures:
    lines = b"".join(_lines(system.content, ids))
    sent = {"Authorization": f"Bearer {system.token}", "Content-Type": "application/x-ndjson"}
    before, began = system.cpu_s(), time.perf_counter()
    with closing(HTTPConnection(HOST, system.serving.port)) as connection:
        connection.request("POST", "/v1/imports", lines, sent)
        answer = json.load(connection.getresponse())
    wall_s, after = time.perf_counter() - began, system.cpu_s()
    if answer.get("created") != len(ids):
        raise RuntimeError(f"{WORK} on {system.name}: {answer}")
    server_ms, database_ms = (
        1000 * (later - sooner) / len(ids) for later, sooner in zip(after, before, strict=True)
    )
    return Figures(WORK, system.name, len(ids), server_ms, database_ms, len(ids) / wall_s)


def _lines(content: Content, ids: list[str]) -> Iterator[bytes]:
    people = content.logged_patient_ids
    for n, id_ in enumerate(ids):
        visit = content.visit(n % 100, people[n % len(people)])
        yield to_json({"type": "session", "id": id_, **visit}) + b"\n"


@contextmanager
def _bare(postgres: OwnServer, stored: str) -> Iterator[str]:
    """A database with our tables and indexes, and the people that the rows refer to."""
    with postgres.database() as url:
        with closing(Database(url)) as database:
            migrate(database)
        bare = libpq(url)
        with psycopg.connect(stored) as source, psycopg.connect(bare) as target:
            for table in PEOPLE:
                _load(target, table, _rows(source, table))
        analyze(bare)
        yield bare


def _copy(system: System, bare: str, ids: list[str]) -> Figures:
    with psycopg.connect(libpq(system.url)) as source, psycopg.connect(bare) as target:
        copies = {table: _rows(source, table, column, ids) for table, column in ROWS.items()}
        before, began = system.cpu_s()[1], time.perf_counter()
        for table, rows in copies.items():
            _load(target, table, rows)
        target.commit()
        wall_s, after = time.perf_counter() - began, system.cpu_s()[1]
    database_ms = 1000 * (after - before) / len(ids)
    return Figures(WORK, report.FLOOR, len(ids), 0.0, database_ms, len(ids) / wall_s)


def _rows(
    source: psycopg.Connection, table: str, column: str = "clinic_id", ids: Sequence[str] = ()
) -> bytes:
    """Rows in COPY format: those with these ids, or all."""
    query = sql.SQL("COPY (SELECT * FROM {} WHERE %s OR {} = ANY(%s::uuid[])) TO STDOUT")
    statement = query.format(sql.Identifier(table), sql.Identifier(column))
    with source.cursor().copy(statement, (not ids, list(ids))) as copy:
        return b"".join(copy)


def _load(target: psycopg.Connection, table: str, rows: bytes) -> None:
    query = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
    with target.cursor().copy(query) as copy:
        copy.write(rows)
