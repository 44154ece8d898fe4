"""`python -m bench.exports`: exports of a large clinic, compared with PostgreSQL's own COPY."""

import argparse
import time
from collections.abc import Callable, Iterable
from contextlib import closing

import psutil
import psycopg

from app.core.db.database import Database
from app.core.db.schema import migrate
from app.core.operation import Operation
from app.core.values.access import Caller, Scope
from app.transfer.exports.datasets import BY_NAME
from app.transfer.exports.formats import FORMATS
from app.transfer.exports.service import export, export_records, snapshot
from bench import growth
from bench.systems import fill, libpq
from bench.visits import Content
from tests import ground
from tests.postgres import own_server

MIB = 1024 * 1024
TABLES = ("sessions", "needlings")
# The same JSON as `records`: each session with its needlings, in one statement.
NESTED = """
COPY (SELECT row_to_json(s) FROM (
  SELECT s.*, n.needlings FROM sessions s LEFT JOIN (
    SELECT clinic_id, session_id, json_agg(n ORDER BY position) needlings
    FROM needlings n GROUP BY clinic_id, session_id
  ) n ON n.clinic_id = s.clinic_id AND n.session_id = s.id
) s) TO STDOUT"""
FLAT = "COPY (SELECT row_to_json(t) FROM {} t) TO STDOUT"


def timed(pieces: Callable[[], Iterable[bytes]]) -> tuple[float, int, int]:
    """Duration in seconds, size in bytes, and growth of the process in MiB."""
    own, size = psutil.Process(), 0
    before = peak = own.memory_info().rss
    began = time.perf_counter()
    for piece in pieces():
        size += len(piece)
        peak = max(peak, own.memory_info().rss)
    return time.perf_counter() - began, size, (peak - before) // MIB


def copied(url: str, statement: str) -> Iterable[bytes]:
    """The output of a COPY statement."""
    with psycopg.connect(url) as db, db.cursor().copy(statement.encode()) as copy:
        yield from (bytes(data) for data in copy)


def main() -> None:
    """Fill a clinic, measure and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with (
        own_server() as postgres,
        postgres.database() as url,
        closing(Database(url)) as database,
    ):
        migrate(database)
        clinic = ground.create_clinic(database)
        growth.grow(libpq(url), fill(clinic, Content())[0], options.sessions)
        growth.analyze(libpq(url))
        measure(clinic, libpq(url), options)


def measure(clinic: ground.Clinic, url: str, options: argparse.Namespace) -> None:
    """Measure every work in turn, in several rounds."""
    database = clinic.database
    caller = Caller(clinic.id, None, "bench", frozenset(Scope))

    def op() -> Operation:
        return Operation("exports.read", caller, "bench")

    def tables(form: str) -> Iterable[bytes]:
        for name in TABLES:
            dataset = BY_NAME[name]
            with snapshot(database, op()) as reading:
                yield from FORMATS[form].write(dataset.columns, dataset.rows(reading), reading.zone)

    works: dict[str, Callable[[], Iterable[bytes]]] = {
        "COPY nested JSON": lambda: copied(url, NESTED),
        "records.ndjson": lambda: export_records(database, op()),
        "COPY flat JSON": lambda: (p for name in TABLES for p in copied(url, FLAT.format(name))),
        **{f"tables.{form}": lambda form=form: tables(form) for form in FORMATS},  # type: ignore[misc]
        "follow-ups.csv, accounted": lambda: export(
            database, op(), BY_NAME["follow-ups"], FORMATS["csv"]
        ),
    }
    for round_ in range(options.rounds):
        for name, work in works.items():
            seconds, size, grown = timed(work)
            rate = options.sessions / seconds
            print(
                f"{round_} {name:26} {seconds:6.2f} s {rate:8,.0f}/s"
                f" {size / MIB:5.0f} MiB, RSS +{grown} MiB"
            )


if __name__ == "__main__":
    main()
