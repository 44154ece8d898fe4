"""The day of the tests: a visit has just ended in Vancouver."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.asks.asked import ENDED_AT
from tests.ground import Api


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(ENDED_AT, tick=False) as clock:
        yield clock


@pytest.fixture
def here(api: Api, clock: time_machine.Traveller) -> Api:
    """A client of a clinic in Vancouver, where the day stands still."""
    del clock
    api.live_in("America/Vancouver")
    return api
