"""`python -m bench`: every work on every system, in turns, in one run."""

import argparse
import multiprocessing
import sys
import tempfile
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path

from bench import load, report
from bench.report import Figures
from bench.systems import System, systems
from tests.postgres import own_server

WARM_UP_S = 0.5


def measure(loader: Executor, system: System, work: str, seconds: float) -> Figures | str:
    """What a work costs on a system; or what the system answered instead."""
    asked = system.works[work]
    before = system.cpu_s()
    outcome = loader.submit(load.run, asked, seconds).result()
    after = system.cpu_s()
    if outcome.refused is not None:
        return outcome.refused
    app_s, database_s = (later - sooner for later, sooner in zip(after, before, strict=True))
    return Figures(
        work,
        system.name,
        outcome.requests,
        app_ms=1000 * app_s / outcome.requests,
        database_ms=1000 * database_s / outcome.requests,
        per_s=outcome.requests / outcome.wall_s,
        p50_ms=outcome.latency_ms(0.5),
        p99_ms=outcome.latency_ms(0.99),
    )


def run(found: list[System], works: list[str], rounds: int, seconds: float) -> list[Figures]:
    """Round after round, the systems in turns, so that a slow moment of the machine hits all."""
    figures = []
    refused = set()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as loader:
        for round_ in range(rounds + 1):
            for work in works:
                # The first round warms up: caches, prepared statements, connections.
                for system in found if round_ % 2 else reversed(found):
                    if (work, system.name) in refused:
                        continue
                    result = measure(loader, system, work, seconds if round_ else WARM_UP_S)
                    if isinstance(result, str):
                        refused.add((work, system.name))
                        print(f"{work} on {system.name}: {result}", file=sys.stderr)
                    elif round_:
                        figures.append(result)
            print(f"round {round_} of {rounds}", file=sys.stderr)
    return figures


def main() -> None:
    """Measure, print the table, keep the figures."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often to take turns")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each turn is")
    parser.add_argument("--only", nargs="+", choices=sorted(report.WORKS), help="which works")
    options = parser.parse_args()
    works = options.only or list(report.WORKS)
    with (
        tempfile.TemporaryDirectory(prefix="needlework-bench-") as folder,
        own_server(fast=False) as postgres,
        systems(postgres, Path(folder)) as found,
    ):
        figures = run(found, works, options.rounds, options.seconds)
    medians = report.rows(figures)
    print(report.table(medians))
    print(f"\n{report.save(figures, medians, vars(options))}")


if __name__ == "__main__":
    main()
