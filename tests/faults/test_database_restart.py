"""R2 in short: PostgreSQL dies and comes back; the server goes on without a restart."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.account import check_account, check_written
from tests.faults.conftest import Site, founded, housed
from tests.faults.load import Load
from tests.faults.test_kill import wait_for
from tests.postgres import OwnServer, own_server

CALLERS = 4
SERVING_AGAIN_WITHIN_S = 10.0


@pytest.fixture
def postgres() -> Iterator[OwnServer]:
    """A PostgreSQL that nobody else uses, so that it may be killed."""
    with own_server(fast=True) as server:
        yield server


@pytest.fixture
def mortal_site(postgres: OwnServer, tmp_path: Path) -> Iterator[Site]:
    """A clinic on that PostgreSQL."""
    with (
        postgres.database() as url,
        housed(url, tmp_path) as house,
        closing(founded(house)) as site,
    ):
        yield site


def test_the_server_outlives_its_postgresql(mortal_site: Site, postgres: OwnServer) -> None:
    load = Load(mortal_site, CALLERS)
    pid = mortal_site.house.serving.pid
    with load.running():
        wait_for(load, 10)
        postgres.kill()
        down = mortal_site.caller().once("GET", "/v1/clinic")
        assert (down.status, down.headers["retry-after"]) == (503, "1")
        postgres.start()
        back_at = time.monotonic()
        wait_for(load, 2 * CALLERS)
        assert time.monotonic() - back_at < SERVING_AGAIN_WITHIN_S
    assert mortal_site.house.serving.pid == pid
    mortal_site.house.database.close()
    check_written(mortal_site.clinic, load.written, mortal_site.caller())
    check_account(mortal_site.clinic)
