"""R3: a cluster of three loses its leader and elects another, and the server finds it."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.account import check_account, check_written
from tests.faults.conftest import Site, create_site, deploy
from tests.faults.load import Load
from tests.faults.patroni import TTL_S, Cluster, Node, cluster
from tests.faults.test_kill import wait_for

CALLERS = 4
LEADERS = 3
ELECTED_WITHIN_S = 10.0
PATIENCE_S = TTL_S + 2 * ELECTED_WITHIN_S


@pytest.fixture(name="three")
def cluster_of_three() -> Iterator[Cluster]:
    with cluster() as three:
        yield three


@pytest.fixture(name="ha_site")
def clinic_on_the_cluster(three: Cluster, tmp_path: Path) -> Iterator[Site]:
    with (
        three.database() as url,
        deploy(url, tmp_path) as deployment,
        closing(create_site(deployment)) as site,
    ):
        yield site


def longest_pause_s(load: Load, more: int) -> float:
    """Wait for so many more acknowledged changes; return the longest pause in seconds."""
    began = changed = time.monotonic()
    first = seen = len(load.written)
    longest = 0.0
    while seen < first + more:
        time.sleep(0.001)
        assert time.monotonic() - began < PATIENCE_S, "nobody was elected"
        now = len(load.written)
        if now > seen:
            longest, changed, seen = max(longest, time.monotonic() - changed), time.monotonic(), now
    return longest


def lost(three: Cluster) -> Node:
    """Kill the leader as a machine failure would, and return its node."""
    leader = three.leader()
    assert leader is not None
    leader.kill()
    return leader


@pytest.mark.at_length
def test_a_lost_leader_causes_a_pause_and_loses_no_change(
    three: Cluster, ha_site: Site, record_property: Callable[[str, object], None]
) -> None:
    load, pauses = Load(ha_site, CALLERS), list[float]()
    pid = ha_site.deployment.serving.pid
    with load.running():
        for _ in range(LEADERS):
            wait_for(load, 20)
            leader = lost(three)
            # Answers that were already on their way may still arrive.
            pauses.append(longest_pause_s(load, 2 * CALLERS))
            leader.start()
            three.wait_until_whole()
            assert three.leader() != leader
    assert max(pauses) <= TTL_S + ELECTED_WITHIN_S
    assert ha_site.deployment.serving.pid == pid
    ha_site.deployment.database.close()
    check_written(ha_site.clinic, load.written, ha_site.caller())
    check_account(ha_site.clinic)
    record_property("leaders lost", LEADERS)
    record_property("changes acknowledged", len(load.written))
    record_property("s without one at most", round(max(pauses), 1))
