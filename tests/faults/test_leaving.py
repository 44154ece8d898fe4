"""A server that is stopped and restarted causes no failed request."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from tests.faults.account import check_account
from tests.faults.callers import Caller
from tests.faults.conftest import SQLITE_AT_LENGTH, Site
from tests.faults.load import Load
from tests.serving import NEEDLEWORK, PATIENCE_S, Serving, serving

CALLERS = 4
LOOKS_EVERY_S = 0.2
REST_S = 0.01
TWO_WORKERS = (*NEEDLEWORK, "--workers=2")

Told = Callable[[str, object], None]


class Balancer:
    """Knows which servers are ready, as a load balancer does: it polls them."""

    def __init__(self, site: Site, servers: list[Serving]) -> None:
        self._lookouts = {server.port: site.caller(server.port) for server in servers}
        self.ready = list(self._lookouts)

    def look(self) -> None:
        for port, lookout in self._lookouts.items():
            try:
                is_ready = lookout.once("GET", "/readyz").status == 200
            except OSError:
                is_ready = False
            lookout.close()
            if is_ready and port not in self.ready:
                self.ready.append(port)
            if not is_ready and port in self.ready:
                self.ready.remove(port)

    def look_while(self, going_on: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while going_on():
            assert time.monotonic() < deadline
            self.look()
            time.sleep(LOOKS_EVERY_S)


def work(load: Load, caller: Caller, balancer: Balancer, enough: Event) -> int:
    """Log visits, once each; any failed request fails the test."""
    done = 0
    while not enough.is_set():
        caller.port = caller.port if caller.port in balancer.ready else balancer.ready[0]
        answer = caller.once("POST", "/v1/sessions", load.visit())
        assert answer.status == 201, answer
        done += 1
        time.sleep(REST_S)
        if answer.headers.get("connection") == "close":
            caller.close()
    return done


def rolled(site: Site, folder: Path, program: Sequence[str]) -> int:
    """Restart two servers in turn under load; return how many requests they answered."""
    environment = {"NEEDLEWORK_DATABASE_URL": site.deployment.url}
    with (
        serving(folder / "one.log", program, **environment) as one,
        serving(folder / "two.log", program, **environment) as two,
    ):
        load, balancer, enough = Load(site, CALLERS), Balancer(site, [one, two]), Event()
        with ThreadPoolExecutor(CALLERS + 1) as pool:
            works = [pool.submit(work, load, caller, balancer, enough) for caller in load.callers]
            try:
                for server in (one, two):
                    balancer.look_while(lambda: len(balancer.ready) < 2)
                    code = pool.submit(server.stop)
                    balancer.look_while(lambda: not code.done())  # noqa: B023 - it has ended before the next one
                    assert code.result() == 0
                    server.start()
                balancer.look_while(lambda: len(balancer.ready) < 2)
            finally:
                enough.set()
            return sum(each.result() for each in works)


@SQLITE_AT_LENGTH
def test_a_rolling_restart_under_load_fails_no_request(
    site: Site, tmp_path: Path, record_property: Told
) -> None:
    record_property("requests", rolled(site, tmp_path, NEEDLEWORK))
    record_property("failed", 0)
    check_account(site.clinic)


@pytest.mark.at_length
@pytest.mark.parametrize("deployment", ["postgresql"], indirect=True)
def test_a_rolling_restart_of_servers_with_two_workers_each_fails_no_request(
    site: Site, tmp_path: Path, record_property: Told
) -> None:
    record_property("requests", rolled(site, tmp_path, TWO_WORKERS))
    record_property("failed", 0)
    check_account(site.clinic)
