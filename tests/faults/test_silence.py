"""R6: the database freezes, the network drops everything, locks are held, connections break."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from uuid import uuid4

import psutil
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url, text

from app.core.db.database import Database
from app.core.db.schema import migrate
from tests.faults.account import check_account, check_written
from tests.faults.callers import Caller
from tests.faults.conftest import Deployment, Site, create_site
from tests.faults.load import Load, at_once
from tests.faults.proxy import Proxy, proxy
from tests.faults.test_kill import wait_for
from tests.postgres import OwnServer, own_server
from tests.serving import HOST, serving

ENDS_WITHIN_S = 5.0
HEALTHY_WITHIN_S = 5.0
WARM_S = 1.0
FAULT_S = 5.0
UNREPLICATED_S = 15.0
CALLERS = 16
OTHER_PATHS = ("/v1/clinic", "/v1/patients", "/v1/changes", "/v1/muscles", "/readyz")

Told = Callable[[str, object], None]


@dataclass
class Net:
    """A PostgreSQL, a network in front of it, and a clinic that is served through both."""

    postgres: OwnServer
    proxy: Proxy
    site: Site
    healed_at: float = 0.0


@pytest.fixture(scope="module")
def lines(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[OwnServer, Proxy, Deployment]]:
    folder = tmp_path_factory.mktemp("net")
    with own_server(fast=True) as postgres, postgres.database() as url:
        socket = Path(str(make_url(url).query["host"])) / ".s.PGSQL.5432"
        with proxy(str(socket)) as between, closing(Database(url)) as database:
            migrate(database)
            through = f"postgresql://postgres@{HOST}:{between.port}/{make_url(url).database}"
            with serving(folder / "server.log", NEEDLEWORK_DATABASE_URL=through) as server:
                yield postgres, between, Deployment(url, database, server)


@pytest.fixture
def net(lines: tuple[OwnServer, Proxy, Deployment]) -> Iterator[Net]:
    """Shared by these tests; each test has its own clinic."""
    postgres, between, deployment = lines
    with closing(create_site(deployment)) as site:
        yield Net(postgres, between, site)


@contextmanager
def frozen(net: Net) -> Iterator[None]:
    """Freeze every process of PostgreSQL."""
    postmaster = psutil.Process(net.postgres.pid)
    pids = [postmaster.pid, *(child.pid for child in postmaster.children(recursive=True))]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def swallowed(net: Net) -> Iterator[None]:
    """Let the network drop everything silently."""
    net.proxy.black_hole()
    try:
        yield
    finally:
        net.proxy.heal()


@contextmanager
def locked(net: Net) -> Iterator[None]:
    """Hold the lock that every write and every recorded read needs."""
    with net.site.deployment.database.writing() as db:
        db.execute(text("SET idle_in_transaction_session_timeout = 0"))
        db.execute(text("LOCK TABLE ledger_heads, clients IN ACCESS EXCLUSIVE MODE"))
        yield


def ask(caller: Caller, load: Load, n: int) -> tuple[float, int, str | None]:
    """Send a request; return its time in seconds and the answer."""
    began = time.monotonic()
    if n % 2:
        answer = caller.once("POST", "/v1/sessions", load.visit())
    else:
        answer = caller.once("GET", OTHER_PATHS[n // 2 % len(OTHER_PATHS)])
    return time.monotonic() - began, answer.status, answer.headers.get("retry-after")


@pytest.mark.parametrize(
    "fault", [pytest.param(frozen, marks=pytest.mark.at_length), swallowed, locked]
)
def test_every_request_ends_in_time_and_the_server_recovers(
    net: Net, fault: Callable[[Net], AbstractContextManager[None]], record_property: Told
) -> None:
    load = Load(net.site, CALLERS)
    enough = Event()

    def work(n: int) -> list[tuple[float, int, str | None]]:
        answers = []
        while not enough.is_set():
            answers.append(ask(load.callers[n], load, n))
        return answers

    def fail_for_a_while(n: int) -> list[tuple[float, int, str | None]]:
        if n < CALLERS:
            return work(n)
        try:
            time.sleep(WARM_S)  # every connection of the server's pool is in use
            with fault(net):
                time.sleep(FAULT_S)
        finally:
            net.healed_at = time.monotonic()
            enough.set()
        return []

    answers = [one for some in at_once(fail_for_a_while, CALLERS + 1) for one in some]
    refused = [one for one in answers if one[1] == 503]
    assert max(took for took, _, _ in answers) <= ENDS_WITHIN_S
    assert {status for _, status, _ in answers} <= {200, 201, 503}
    assert refused
    assert {retry for _, _, retry in refused} == {"1"}
    again_s = well_again_at(load) - net.healed_at
    assert again_s <= HEALTHY_WITHIN_S
    record_property("refused in time", len(refused))
    record_property("s at most", round(max(took for took, _, _ in answers), 2))
    record_property("s until well", round(again_s, 2))
    check_account(net.site.clinic)


def well_again_at(load: Load) -> float:
    """The time from which every request succeeds again."""
    well_since = time.monotonic()
    for n in range(100 * CALLERS):
        _, status, _ = ask(load.callers[n % CALLERS], load, n)
        if status == 503:
            well_since = time.monotonic()
        elif time.monotonic() - well_since > 1.0:
            return well_since
    raise AssertionError("never well again")


def test_health_is_answered_while_the_database_is_silent(net: Net) -> None:
    caller = net.site.caller()
    with swallowed(net):
        began = time.monotonic()
        assert caller.once("GET", "/healthz").status == 200
        assert time.monotonic() - began < 1.0
        assert caller.once("GET", "/readyz").status == 503
        assert time.monotonic() - began < ENDS_WITHIN_S
    well_again_at(Load(net.site, CALLERS))


def wait_for_replicas(net: Net, names: str) -> None:
    """Make commits wait for replicas with these names."""
    address = net.postgres.url("postgres").replace("+psycopg", "")
    # No `Database`: it begins a transaction, in which ALTER SYSTEM is refused.
    with psycopg.connect(address, autocommit=True) as db:
        db.execute(sql.SQL("ALTER SYSTEM SET synchronous_standby_names = {}").format(names))
        db.execute("SELECT pg_reload_conf()")


@pytest.mark.at_length
def test_a_change_on_no_replica_is_not_acknowledged(net: Net) -> None:
    load, key = Load(net.site, 1), {"Idempotency-Key": str(uuid4())}
    [caller] = load.callers
    wait_for_replicas(net, "*")
    try:
        until = time.monotonic() + UNREPLICATED_S
        while time.monotonic() < until:
            assert caller.once("POST", "/v1/sessions", load.visit(), **key).undecided
    finally:
        wait_for_replicas(net, "")
    answer = caller.write("POST", "/v1/sessions", load.visit(), **key)
    assert (answer.status, answer.replayed) == (201, True)
    check_account(net.site.clinic)


def test_cut_and_slow_connections_lose_nothing_and_repeat_nothing(net: Net) -> None:
    load = Load(net.site, 4)
    with load.running():
        for fault in range(6):
            wait_for(load, 5)
            net.proxy.latency_s = 0.02 * (fault % 2)
            net.proxy.cut_after_bytes = 20_000 if fault % 3 == 2 else None
            net.proxy.reset()
        net.proxy.heal()
        wait_for(load, 5)
    check_written(net.site.clinic, load.written, net.site.caller())
    check_account(net.site.clinic)
