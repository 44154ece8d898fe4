"""`python -m bench`: run every work on every system, in turns.

The build of Python matters, because the floor runs little Python code and we run a lot. Compare
with the limits only with an optimized build (PGO), such as the image's or Debian's.
"""

import argparse
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from app.kinds import fill_registry
from bench import bulk, load, report
from bench.growth import FEW
from bench.report import Figures
from bench.systems import System, side_by_side, small_and_grown, stored
from tests.postgres import OwnServer, own_server

WARM_UP_S = 0.5


@contextmanager
def loader() -> Iterator[Executor]:
    """A separate process that generates the load."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


def measure(pool: Executor, system: System, work: str, seconds: float) -> Figures | str:
    """Measure a work on a system. Returns the figures, or the text of an unexpected answer."""
    before = system.cpu_s()
    outcome = pool.submit(load.run, system.works[work], seconds).result()
    after = system.cpu_s()
    if outcome.refused is not None:
        return outcome.refused
    server_ms, database_ms = (
        1000 * (later - sooner) / outcome.requests
        for later, sooner in zip(after, before, strict=True)
    )
    return Figures(
        work,
        system.name,
        outcome.requests,
        server_ms,
        database_ms,
        per_s=outcome.requests / outcome.wall_s,
        p50_ms=outcome.latency_ms(0.5),
        p99_ms=outcome.latency_ms(0.99),
    )


def take_turns(
    systems: list[System], works: list[str], rounds: int, seconds: float
) -> Iterator[Figures]:
    """Measure in rounds, so that a slow moment of the machine affects all systems alike."""
    refused = set()
    with loader() as pool:
        # Round 0 warms up caches, prepared statements and connections, and is not counted.
        for round_ in range(rounds + 1):
            for work in works:
                for system in systems if round_ % 2 else reversed(systems):
                    if (work, system.name) in refused:
                        continue
                    found = measure(pool, system, work, seconds if round_ else WARM_UP_S)
                    if isinstance(found, str):
                        refused.add((work, system.name))
                        print_progress(f"{work} on {system.name}: {found}")
                    elif round_:
                        yield found
            print_progress(f"round {round_} of {rounds}")


def compare(postgres: OwnServer, folder: Path, options: argparse.Namespace) -> list[Figures]:
    """Measure Needlework and the floor."""
    works = [work for work in options.only if work != bulk.WORK]
    with side_by_side(postgres, folder) as systems:
        figures = list(take_turns(systems, works, options.rounds, options.seconds))
        if bulk.WORK in options.only:
            figures += bulk.measure(postgres, systems[1:], options.rounds)
    return figures


def grow(postgres: OwnServer, folder: Path, options: argparse.Namespace) -> list[Figures]:
    """Measure Needlework with few and with many stored sessions."""
    works = [work for work in options.only if work != bulk.WORK]
    print_progress(f"storing {options.growth:,} sessions")
    with small_and_grown(postgres, folder, options.growth) as systems:
        return list(take_turns(systems, works, options.rounds, options.seconds))


def print_progress(line: str) -> None:
    """Print progress to standard error."""
    print(line, file=sys.stderr)


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds (5)")
    parser.add_argument(
        "--seconds", type=float, default=1.5, help="seconds for each work on each system (1.5)"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=report.WORKS,
        default=list(report.WORKS),
        help="which works to run",
    )
    parser.add_argument(
        "--growth",
        type=int,
        metavar="SESSIONS",
        help="instead, compare this many stored sessions with 10,000, on PostgreSQL",
    )
    return parser.parse_args()


def main() -> None:
    """Measure, print the table and save the figures."""
    options = arguments()
    fill_registry()
    with (
        tempfile.TemporaryDirectory(prefix="needlework-bench-") as folder,
        own_server(fast=False) as postgres,
    ):
        if options.growth:
            figures = grow(postgres, Path(folder), options)
            many = stored(options.growth)
            at_most = {(work, many): report.GROWTH_AT_MOST for work in report.WORKS}
            medians = report.rows(figures, stored(FEW), at_most)
        else:
            figures = compare(postgres, Path(folder), options)
            medians = report.rows(figures, report.FLOOR, report.AT_MOST)
    print(report.table(medians))
    print(f"\n{report.save(figures, medians, vars(options))}")


if __name__ == "__main__":
    main()
