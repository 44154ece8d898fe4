"""The table of a run, and the file with its results."""

import json
import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
WORKS = {
    "W1": "log a session, 5 needlings",
    "W2": "read one, nested",
    "W3": "newest 20 of 200, nested",
    "W4": "progress over 200 sessions",
    "W5": "import, for each session",
}
FLOOR, OURS, LITE = "floor", "ours", "ours on SQLite"
Limits = Mapping[tuple[str, str], float]
# Largest allowed ratio of server CPU to the floor's. W5 has none: a bare COPY has no server.
AT_MOST: Limits = {
    ("W1", OURS): 4.3,
    ("W2", OURS): 3.6,
    ("W3", OURS): 5.2,
    ("W4", OURS): 18.0,
    ("W1", LITE): 5.0,
}
# Largest allowed ratio of the cost with many stored sessions to that with few.
GROWTH_AT_MOST = 1.3
HEAD = "{:47} {:>10} {:>8} {:>8} {:>10} {:>8} {:>8} {:>7} {:>7}".format(
    "", "server CPU", "ratio", "at most", "database", "ratio", "per s", "p50 ms", "p99 ms"
)


@dataclass(frozen=True, slots=True)
class Figures:
    """The cost of one work on one system in one round; CPU time in milliseconds per request."""

    work: str
    system: str
    requests: int
    server_ms: float
    database_ms: float
    per_s: float
    p50_ms: float | None = None
    p99_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """Medians over the rounds. Each ratio is the median of the rounds' ratios."""

    work: str
    system: str
    server_ms: float
    server_ratio: float | None
    at_most: float | None
    database_ms: float
    database_ratio: float | None
    per_s: float
    p50_ms: float | None
    p99_ms: float | None


def rows(figures: Sequence[Figures], least: str, at_most: Limits) -> list[Row]:
    """A row for each work on each system, with its ratio to the system named `least`."""
    cells = dict.fromkeys((each.work, each.system) for each in figures)
    return [
        _row(
            [each for each in figures if (each.work, each.system) == (work, system)],
            [each for each in figures if (each.work, each.system) == (work, least)],
            at_most.get((work, system)),
        )
        for work, system in sorted(cells, key=lambda cell: cell[0])
    ]


def _row(own: list[Figures], least: list[Figures], at_most: float | None) -> Row:
    return Row(
        own[0].work,
        own[0].system,
        statistics.median(each.server_ms for each in own),
        _ratio((each.server_ms for each in own), (each.server_ms for each in least)),
        at_most,
        statistics.median(each.database_ms for each in own),
        _ratio((each.database_ms for each in own), (each.database_ms for each in least)),
        statistics.median(each.per_s for each in own),
        _median(each.p50_ms for each in own),
        _median(each.p99_ms for each in own),
    )


def _ratio(own: Iterable[float], floors: Iterable[float]) -> float | None:
    pairs = zip(own, floors, strict=False)
    return _median(mine / least if least else None for mine, least in pairs)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def table(found: Iterable[Row]) -> str:
    """The rows as a text table."""
    return "\n".join([HEAD, *(_line(row) for row in found)])


def _line(row: Row) -> str:
    return (
        f"{row.work} {WORKS[row.work]:27} {row.system:16} {row.server_ms:10.3f}"
        f" {_shown(row.server_ratio, 8, 2)} {_shown(row.at_most, 8, 1)} {row.database_ms:10.3f}"
        f" {_shown(row.database_ratio or None, 8, 2)} {row.per_s:8.0f}"
        f" {_shown(row.p50_ms, 7, 1)} {_shown(row.p99_ms, 7, 1)}"
    )


def _shown(value: float | None, width: int, digits: int) -> str:
    return " " * width if value is None else f"{value:{width}.{digits}f}"


def save(figures: Sequence[Figures], found: Iterable[Row], options: dict[str, object]) -> Path:
    """Write all results of a run to a file named after the present time; returns its path."""
    now = datetime.now(UTC)
    file = RESULTS / f"{now:%Y-%m-%dT%H%M%SZ}.json"
    content = {
        "at": now.isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "options": options,
        "medians": [asdict(row) for row in found],
        "turns": [asdict(each) for each in figures],
    }
    RESULTS.mkdir(exist_ok=True)
    file.write_text(json.dumps(content, indent=1) + "\n")
    return file
