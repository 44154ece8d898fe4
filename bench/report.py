"""The table of a run, and its file."""

import json
import os
import platform
import statistics
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
WORKS = {
    "W1": "log a session, 5 needlings",
    "W2": "read one, nested",
    "W3": "newest 20 of 200, nested",
    "W4": "progress over 200 sessions",
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What one work cost on one system in one round, per request."""

    work: str
    system: str
    requests: int
    app_ms: float
    database_ms: float
    per_s: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Row:
    """Medians over the rounds, and the ratio to the floor of the same run."""

    work: str
    system: str
    app_ms: float
    database_ms: float
    per_s: float
    p50_ms: float
    p99_ms: float
    times_floor: float | None
    """CPU of server and database together, over the floor's: the median of the rounds' ratios."""


def rows(figures: list[Figures]) -> list[Row]:
    """One row for each work on each system, in the order of their first figures."""
    cells = dict.fromkeys((each.work, each.system) for each in figures)
    return [_row(figures, work, system) for work, system in sorted(cells, key=lambda cell: cell[0])]


def _row(figures: list[Figures], work: str, system: str) -> Row:
    own = [each for each in figures if (each.work, each.system) == (work, system)]
    floors = [each for each in figures if (each.work, each.system) == (work, "floor")]
    ratios = [_cpu_ms(one) / _cpu_ms(least) for one, least in zip(own, floors, strict=False)]
    medians = {
        name: statistics.median(getattr(each, name) for each in own)
        for name in ("app_ms", "database_ms", "per_s", "p50_ms", "p99_ms")
    }
    return Row(work, system, times_floor=statistics.median(ratios) if ratios else None, **medians)


def _cpu_ms(figures: Figures) -> float:
    return figures.app_ms + figures.database_ms


def table(found: list[Row]) -> str:
    """The rows as text."""
    heads = ("server CPU", "database CPU", "together", "requests/s", "p50", "p99")
    lines = ["{:30}{:16}{:>11}{:>13}{:>12}{:>11}{:>8}{:>8}".format("work", "system", *heads)]
    for row in found:
        ratio = "" if row.times_floor is None else f"{row.times_floor:.1f} x floor"
        lines.append(
            f"{row.work} {WORKS[row.work]:27}{row.system:16}{row.app_ms:8.2f} ms"
            f"{row.database_ms:10.2f} ms{ratio:>12}{row.per_s:11.0f}"
            f"{row.p50_ms:8.1f}{row.p99_ms:8.1f}"
        )
    return "\n".join(lines)


def save(figures: list[Figures], found: list[Row], options: dict[str, object]) -> Path:
    """Write everything of a run to a file named after its time."""
    now = datetime.now(UTC)
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{now:%Y-%m-%dT%H%M%SZ}.json"
    content = {
        "at": now.isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "options": options,
        "medians": [asdict(row) for row in found],
        "rounds": [asdict(each) for each in figures],
    }
    file.write_text(json.dumps(content, indent=1) + "\n")
    return file
