"""Prints the tables of docs/progress.md: what chance alone would do. Run by ``make figures``."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bench.chance import (
    NECK_ERROR,
    PATIENTS,
    Course,
    Scale,
    confirmed,
    default_scales,
    false_alarms,
    flagged,
    gradual,
    picked_because_high,
    sudden,
)

PAGE: Final = Path(__file__).parents[1] / "docs" / "progress.md"
BEGIN: Final = "<!-- figures -->\n"
END: Final = "<!-- /figures -->\n"
VISITS: Final = (3, 4, 8, 12)
THREE: Final = 3
MOST_FALSE: Final = 0.05
"""A default row may confirm so many patients who don't change, by the eighth visit."""
AT: Final = 8
PAIN: Final = "nprs"
CHANGES: Final = ((6, 3), (7, 4), (8, 4))


class Turn(NamedTuple):
    """A kind of course that may be flagged, and the share that the rules may or must flag."""

    words: str
    true: Sequence[float]
    is_flagged: Callable[[Course], bool]
    least: float = 0.0
    most: float = 1.0


def _recurs(one: Course) -> bool:
    return one.recurs


def _is_flat(one: Course) -> bool:
    return one.is_flat


TURNS: Final = (
    Turn("improves 8 → 3 and stays: a recurrence", [8, *[3] * 7], _recurs, most=0.02),
    Turn("relapses 8 → 3 → 8: a recurrence", [8, *[3] * 3, *[8] * 4], _recurs, least=0.6),
    Turn("relapses mildly 6 → 2 → 6: a recurrence", [6, *[2] * 3, *[6] * 4], _recurs),
    Turn("doesn't change from 5: a recurrence", [5] * 8, _recurs, most=0.02),
    Turn("improves by 1 a visit: a plateau", [8 - n for n in range(8)], _is_flat, most=0.25),
    Turn("improves by 0.5 a visit: a plateau", [8 - n / 2 for n in range(8)], _is_flat),
    Turn("improves 8 → 5 and stays: a plateau", [8, *[5] * 7], _is_flat, least=0.75),
    Turn("relapses 8 → 3 → 8: a plateau", [8, *[3] * 3, *[8] * 4], _is_flat),
)
"""Courses of eight visits, by the pain at each."""


def tables(count: int = PATIENTS) -> str:
    """All tables, as Markdown."""
    scales = [scale for scale in default_scales() if scale.criteria.important is not None]
    pain = [scale for scale in scales if scale.row.instrument == PAIN]
    return "\n".join([_unchanged(scales, count), _hard(pain, count), _turns(pain, count)])


def _unchanged(scales: Iterable[Scale], count: int) -> str:
    heads = [*(f"{visits} visits" for visits in VISITS), "any of three series, 8 visits"]
    return _table(
        "Patients who don't change, and are confirmed as improved",
        heads,
        (
            [
                f"`{scale.row.id}`",
                *(percent(false_alarms(scale, visits, count=count)) for visits in VISITS),
                percent(false_alarms(scale, AT, count=count, series=THREE)),
            ]
            for scale in scales
        ),
    )


def _hard(pain: Sequence[Scale], count: int) -> str:
    """Pain under harder conditions, and its real changes."""
    return _table(
        "Pain, by the row of thresholds",
        [f"`{scale.row.id}`" for scale in pain],
        _hard_rows(pain, count),
    )


def _hard_rows(pain: Sequence[Scale], count: int) -> Iterator[list[str]]:
    yield [
        f"unchanged, with an error of {NECK_ERROR}, {AT} visits",
        *(percent(false_alarms(one, AT, count=count, error=NECK_ERROR)) for one in pain),
    ]
    yield [
        f"unchanged at 5, first value 7 or more, {AT} visits",
        *(percent(picked_because_high(one, AT, count=count)) for one in pain),
    ]
    for start, end in CHANGES:
        for name, how in (("at once", sudden), ("by visit 4", gradual)):
            for visits in (4, AT):
                true = how(start, end, visits)
                yield [
                    f"really {start} → {end} {name}, confirmed at visit {visits}",
                    *(percent(confirmed(one, true, count=count)) for one in pain),
                ]


def _turns(pain: Sequence[Scale], count: int) -> str:
    return _table(
        f"Flags at visit {AT}, of a patient who",
        [f"`{scale.row.id}`" for scale in pain],
        (
            [
                turn.words,
                *(percent(flagged(one, turn.true, turn.is_flagged, count=count)) for one in pain),
            ]
            for turn in TURNS
        ),
    )


def percent(found: float) -> str:
    """A share, in percent to one decimal."""
    return f"{found * 100:.1f} %"


def _table(corner: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [[corner, *heads], ["---"] * (len(heads) + 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Print the tables, and write them into the page."""
    found = tables()
    print(found)
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}{found}{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
