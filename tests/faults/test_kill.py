"""R1: the server is killed repeatedly while clients write and repeat until answered."""

import random
import time
from collections.abc import Callable

from tests.faults.account import check_account, check_file, check_written
from tests.faults.conftest import Site
from tests.faults.load import Load

CALLERS = 8
ACKNOWLEDGED_BETWEEN_KILLS = (5, 60)
BUSY_WITHIN_S = 60.0


def wait_for(load: Load, more: int) -> None:
    """Wait for so many more acknowledged changes, so that the load is running."""
    wanted = len(load.written) + more
    deadline = time.monotonic() + BUSY_WITHIN_S
    while len(load.written) < wanted:
        assert time.monotonic() < deadline, f"{more} changes took more than {BUSY_WITHIN_S} s"
        time.sleep(0.001)


def test_nothing_is_lost_or_done_twice_when_the_server_is_killed(
    site: Site, rounds: int, record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(rounds)
    load = Load(site, CALLERS)
    with load.running():
        for _ in range(rounds):
            wait_for(load, chance.randint(*ACKNOWLEDGED_BETWEEN_KILLS))
            site.deployment.serving.kill()
            site.deployment.serving.start()
        wait_for(load, 1)
    check_written(site.clinic, load.written, site.caller())
    check_account(site.clinic)
    check_file(site.deployment.url)
    record_property("kills", rounds)
    record_property("changes acknowledged", len(load.written))
    record_property(
        "done but unanswered at first", sum(one.answer.replayed for one in load.written)
    )
