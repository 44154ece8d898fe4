"""What a measured value must meet."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.faults import RuleBroken
from app.instruments import queries, rules
from app.instruments.schemas import InstrumentView

instruments = st.sampled_from(queries.INSTRUMENTS)


@given(instruments, st.data())
def test_every_value_on_the_scale_is_taken(instrument: InstrumentView, data: st.DataObject) -> None:
    value = data.draw(st.floats(instrument.min, instrument.max))
    rules.check_value(value, instrument.min, instrument.max)


@given(instruments, st.floats())
def test_no_value_off_the_scale_is_taken(instrument: InstrumentView, value: float) -> None:
    if not (math.isfinite(value) and instrument.min <= value <= instrument.max):
        with pytest.raises(RuleBroken, match=f"from {instrument.min:g} to {instrument.max:g}"):
            rules.check_value(value, instrument.min, instrument.max)


def test_a_unit_is_left_out_or_is_the_instruments_own() -> None:
    rules.check_unit(None, "mm")
    rules.check_unit("mm", "mm")
    with pytest.raises(RuleBroken, match="recorded in mm"):
        rules.check_unit("cm", "mm")


def test_an_activity_is_given_only_where_the_instrument_is_about_one() -> None:
    rules.check_activity(None, takes_activity=True)
    rules.check_activity(None, takes_activity=False)
    rules.check_activity("overhead reach", takes_activity=True)
    with pytest.raises(RuleBroken, match="not about an activity"):
        rules.check_activity("overhead reach", takes_activity=False)
