"""The rules for measured values."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.values.faults import RuleBroken
from app.instruments import queries, rules
from app.instruments.schemas import InstrumentView

instruments = st.sampled_from(queries.INSTRUMENTS)


@given(instruments, st.data())
def test_every_value_on_the_scale_is_accepted(
    instrument: InstrumentView, data: st.DataObject
) -> None:
    value = data.draw(st.floats(instrument.min, instrument.max))
    rules.check_value(value, instrument.min, instrument.max)


@given(instruments, st.floats())
def test_no_value_off_the_scale_is_accepted(instrument: InstrumentView, value: float) -> None:
    if not (math.isfinite(value) and instrument.min <= value <= instrument.max):
        with pytest.raises(RuleBroken, match=f"from {instrument.min:g} to {instrument.max:g}"):
            rules.check_value(value, instrument.min, instrument.max)


def test_a_value_is_compared_in_the_instruments_own_unit() -> None:
    factors = queries.factors("ppt")
    assert rules.in_own_unit(3.5, None, factors) == rules.in_own_unit(3.5, "kPa", factors) == 3.5
    # A kilogram-force is 9.80665 N by definition (BIPM, The International System of Units).
    assert rules.in_own_unit(3.5, "kgf/cm2", factors) == pytest.approx(3.5 * 9.80665 * 10)
    assert rules.in_own_unit(30, "N/cm2", factors) == 300
    assert rules.in_own_unit(7, "cm", queries.factors("vas_mm")) == 70
    with pytest.raises(RuleBroken, match="recorded in kPa or kgf/cm2 or N/cm2"):
        rules.in_own_unit(3, "psi", factors)


SCORED = {i.code: s for i in queries.INSTRUMENTS if (s := queries.scoring(i.code))}


@pytest.mark.parametrize(
    ("code", "items", "score"),
    [
        ("ndi_pct", [0] * 10, 0),
        ("ndi_pct", [5] * 10, 100),
        ("ndi_pct", [3, 2, 1, 4, 2, 3, None, 1, 0, 2], 40),  # 18 of 45
        ("odi_pct", [3, 2, 1, 4, 2, 3, 1, 1, 0, 2], 38),  # 19 of 50
        ("odi_pct", [1, 2, 2, 2, 2, 2, 2, 2, 1, None], 35.5556),  # 16 of 45
        ("quickdash", [1] * 11, 0),
        ("quickdash", [5] * 11, 100),
        ("quickdash", [3, 2, 4, 1, 2, 3, 5, 2, 1, 2, None], 37.5),  # (25 / 10 - 1) * 25
        ("dash", [2] * 27 + [None] * 3, 25),
        ("lefs", [4] * 20, 80),
        ("lefs", [1, 2, 3, 4] * 5, 50),
        ("psfs", [3, 5, 4], 4),
        ("psfs", [2], 2),
        ("ppt", [310.5, 290, 305.1], 301.8667),
    ],
)
def test_items_make_the_published_score(code: str, items: list[float | None], score: float) -> None:
    assert rules.score(items, SCORED[code]) == score


@given(st.sampled_from(sorted(SCORED)), st.data())
def test_a_score_from_items_lies_on_the_scale(code: str, data: st.DataObject) -> None:
    scoring, instrument = SCORED[code], queries.instrument(code)
    answer = st.integers(int(scoring.low), int(scoring.high))
    items = data.draw(st.lists(answer, min_size=scoring.items_min, max_size=scoring.items_max))
    rules.check_value(rules.score(items, scoring), instrument.min, instrument.max)


@pytest.mark.parametrize(
    ("code", "items", "reason"),
    [
        ("ndi_pct", [1] * 11, "8 to 10 answers"),
        ("ndi_pct", [1] * 7 + [None] * 3, "8 to 10 answers"),
        ("lefs", [1] * 19 + [None], "scored from 20 answers"),
        ("quickdash", [0] + [1] * 10, "run from 1 to 5"),
        ("psfs", [], "1 to 5 answers"),
    ],
)
def test_items_without_a_valid_score_are_refused(
    code: str, items: list[float | None], reason: str
) -> None:
    with pytest.raises(RuleBroken, match=reason):
        rules.score(items, SCORED[code])


def test_a_value_sent_with_items_must_equal_their_score_after_rounding() -> None:
    for value in (3.6667, 3.667, 3.67, 3.7, 4):
        rules.check_scored(value, 3.6667)
    for value in (3.6, 3.66, 3.6666, 3):
        with pytest.raises(RuleBroken, match=r"make 3\.6667"):
            rules.check_scored(value, 3.6667)


def test_only_some_instruments_take_an_activity() -> None:
    rules.check_activity(None, takes_activity=True)
    rules.check_activity(None, takes_activity=False)
    rules.check_activity("overhead reach", takes_activity=True)
    with pytest.raises(RuleBroken, match="not about an activity"):
        rules.check_activity("overhead reach", takes_activity=False)


@pytest.mark.parametrize(
    ("level", "factor"), [(None, 1), (95, 1), (90, 1.19), (80, 1.53), (99, 0.76), (50, 2.91)]
)
def test_an_mdc_is_converted_to_ninety_five_percent(level: int | None, factor: float) -> None:
    assert rules.mdc95(10, level) == pytest.approx(10 * factor)


def test_a_movement_is_given_where_the_instrument_needs_one() -> None:
    rules.check_movement("cervical_rotation", "required")
    rules.check_movement("cervical_rotation", "optional")
    rules.check_movement(None, "optional")
    rules.check_movement(None, None)
    with pytest.raises(RuleBroken, match="which movement"):
        rules.check_movement(None, "required")
    with pytest.raises(RuleBroken, match="not about a movement"):
        rules.check_movement("cervical_rotation", None)
