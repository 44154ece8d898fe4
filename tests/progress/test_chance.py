"""Promises of what chance alone does: how often patients who don't change are called improved."""

from collections.abc import Sequence

import pytest

from bench.chance import Scale, confirmed, default_scales, false_alarms, flagged, sudden
from bench.figures import AT, BEGIN, END, MOST_FALSE, PAGE, PAIN, TURNS, VISITS, Turn, percent

SHORT = 600
"""Patients for a figure with a wide margin."""
MARGIN = 0.04
SCALES = [scale for scale in default_scales() if scale.criteria.important is not None]
PAINS = [scale for scale in SCALES if scale.row.instrument == PAIN]


def shown() -> list[list[str]]:
    """The rows of the tables on the page."""
    table = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines() if line]


def row_of(name: str) -> Sequence[str]:
    [found] = [row for row in shown() if row[0] == name]
    return found[1:]


@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale.row.id)
def test_at_most_one_in_twenty_unchanged_patients_is_confirmed_within_eight_visits(
    scale: Scale,
) -> None:
    """Or the row's note says how many. The page shows the same figure."""
    found = false_alarms(scale, AT)
    assert found <= MOST_FALSE or percent(found) in (scale.row.note or "")
    assert row_of(f"`{scale.row.id}`")[VISITS.index(AT)] == percent(found)


def test_a_row_without_both_thresholds_confirms_nobody() -> None:
    some = [scale for scale in default_scales() if scale.criteria.important is None]
    assert some
    for scale in some:
        assert false_alarms(scale, AT, count=SHORT, error=2.0) == 0


def test_more_visits_and_more_series_make_more_false_alarms() -> None:
    for scale in PAINS:
        few, more = (false_alarms(scale, visits, count=SHORT) for visits in (3, 12))
        assert few <= more
        assert false_alarms(scale, AT, count=SHORT, series=3) >= false_alarms(
            scale, AT, count=SHORT
        )


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.words)
def test_a_flag_is_raised_as_often_as_the_page_promises(turn: Turn) -> None:
    for scale in PAINS:
        found = flagged(scale, turn.true, turn.is_flagged, count=SHORT)
        assert turn.least - MARGIN <= found <= turn.most + MARGIN
    for cell in row_of(turn.words):
        assert turn.least <= float(cell.removesuffix(" %")) / 100 <= turn.most


def test_a_large_lasting_change_is_confirmed_by_the_fourth_visit() -> None:
    for scale in PAINS:
        assert confirmed(scale, sudden(8, 0, 4), count=SHORT) > 0.95
