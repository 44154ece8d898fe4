"""R2: PostgreSQL dies and comes back; the server goes on without a restart."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import psutil
import pytest

from tests.faults.account import check_account, check_written
from tests.faults.conftest import Deployment, Site, create_site, deploy
from tests.faults.load import Load
from tests.faults.test_kill import wait_for
from tests.postgres import OwnServer, own_server

CALLERS = 4
SERVING_AGAIN_WITHIN_S = 10.0


@pytest.fixture(scope="module")
def postgres() -> Iterator[OwnServer]:
    """A PostgreSQL that no other test uses, so that it may be killed."""
    with own_server(fast=True) as server:
        yield server


@pytest.fixture(scope="module")
def mortal_deployment(
    postgres: OwnServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """The server on that PostgreSQL, which runs through all these faults."""
    folder = tmp_path_factory.mktemp("mortal")
    with postgres.database() as url, deploy(url, folder) as deployment:
        yield deployment


@pytest.fixture
def mortal_site(mortal_deployment: Deployment) -> Iterator[Site]:
    """A new clinic there, which no other test uses."""
    with closing(create_site(mortal_deployment)) as site:
        yield site


def kill_the_postmaster(postgres: OwnServer) -> None:
    postgres.kill()


def stop_at_once(postgres: OwnServer) -> None:
    postgres.stop("immediate")


def kill_one_backend(postgres: OwnServer) -> None:
    """The pid of a backend; if it is killed, the postmaster ends all others and recovers."""
    children = psutil.Process(postgres.pid).children()
    busy = [child for child in children if "needlework_" in " ".join(child.cmdline())]
    os.kill(busy[0].pid, signal.SIGKILL)


@pytest.mark.parametrize("fault", [kill_the_postmaster, stop_at_once, kill_one_backend])
def test_the_server_survives_a_restart_of_postgresql(
    mortal_site: Site, postgres: OwnServer, fault: Callable[[OwnServer], None]
) -> None:
    load = Load(mortal_site, CALLERS)
    pid = mortal_site.deployment.serving.pid
    with load.running():
        wait_for(load, 10)
        fault(postgres)
        if fault is not kill_one_backend:
            down = mortal_site.caller().once("GET", "/v1/clinic")
            assert (down.status, down.headers["retry-after"]) == (503, "1")
            postgres.start()
        back_at = time.monotonic()
        wait_for(load, 2 * CALLERS)
        assert time.monotonic() - back_at < SERVING_AGAIN_WITHIN_S
    assert mortal_site.deployment.serving.pid == pid
    mortal_site.deployment.database.close()
    check_written(mortal_site.clinic, load.written, mortal_site.caller())
    check_account(mortal_site.clinic)
