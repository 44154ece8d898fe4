"""Fixtures of all tests: a migrated database of each kind, and a new clinic for each test.

A test that takes `api` (or `clinic`, or `database`) runs once on SQLite and once on PostgreSQL.
All tests of a worker share one database of each kind. Each test has its own clinic, so the
separation of clinics also separates the tests.
"""

import gc
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI
from httpx2 import Client
from hypothesis import HealthCheck, settings
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.accounts.service import passwords
from app.core.db.database import Database
from app.core.http import deadline
from app.deliveries import courier
from app.kinds import fill_registry
from app.ledger import keeper
from app.main import create_app
from tests import postgres, templates
from tests.ground import Api, Clinic, create_clinic
from tests.wire import wired

COHORT = Path(__file__).parent / "progress" / "cohort.ndjson"
"""48 made-up patients of one clinic, their sessions and follow-ups: the rows of an import."""

REQUEST_MAX_S = 60.0
DAY_S = 86_400.0
QUICK_HASHES = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=1_024, parallelism=1),))

settings.register_profile(
    "ci",
    deadline=None,  # tests check correctness; `make bench` measures time
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that `make test-both` uses."""
    text = "also run the tests marked `alike` on PostgreSQL"
    parser.addoption("--both", action="store_true", help=text)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect on PostgreSQL the tests that are marked `alike`."""
    if not config.getoption("--both"):
        again = [item for item in items if item.get_closest_marker("alike") and _is_second(item)]
        config.hook.pytest_deselected(items=again)
        items[:] = [item for item in items if item not in again]


def _is_second(item: pytest.Item) -> bool:
    given = getattr(item, "callspec", None)
    return given is not None and "postgresql" in given.params.values()


def pytest_configure() -> None:
    """Start as a server does: with every kind of record and a key that signs ledgers.

    Raise the limit of token requests, because all tests come from one address. Print with the
    included fonts only, so that this machine's fonts don't matter.
    """
    fill_registry()
    os.environ["NEEDLEWORK_SYSTEM_FONTS"] = "false"
    os.environ["NEEDLEWORK_TOKEN_REQUESTS_PER_MINUTE"] = "100000"
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    os.environ["NEEDLEWORK_LEDGER_KEY"] = pem.decode()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect no garbage while tests are collected: nearly all of it stays alive."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start a PostgreSQL for all workers."""
    postgres.start_for(session.config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what `pytest_sessionstart` started, and remove what was kept to be copied."""
    templates.remove()
    postgres.stop_for(config)


@pytest.fixture(scope="session", autouse=True)
def patient() -> Iterator[None]:
    """Give each request a minute: a busy machine may need more than the normal limit.

    The couriers and the keepers of the applications in this process rest. A test sends messages and
    does chores itself: a keeper would do those of every clinic of all tests each minute. Passwords
    are hashed by Argon2 with little memory in this process, and at full cost in a server process.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(courier, "EVERY_S", DAY_S)
        patch.setattr(keeper, "EVERY_S", DAY_S)
        patch.setattr(deadline, "REQUEST_MAX_S", REQUEST_MAX_S)
        patch.setattr(passwords, "HASHES", QUICK_HASHES)
        yield


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A migrated database that this worker's tests share."""
    folder = tmp_path_factory.mktemp("shared")
    with (
        templates.migrated(folder, is_sqlite=request.param == "sqlite") as url,
        closing(Database(url)) as database,
    ):
        yield database


@pytest.fixture(scope="session")
def app(database: Database) -> FastAPI:
    """The application on that database."""
    return create_app(database)


@pytest.fixture(scope="session")
def wire(app: FastAPI) -> Iterator[Client]:
    """A client of the application without credentials."""
    with wired(app) as wire:
        yield wire


@pytest.fixture
def clinic(database: Database) -> Clinic:
    """A new clinic, which no other test uses."""
    return create_clinic(database)


@pytest.fixture
def api(wire: Client, clinic: Clinic) -> Api:
    """A client of the clinic, with every scope."""
    return Api(wire, clinic.key())


@pytest.fixture
def other_api(wire: Client, database: Database) -> Api:
    """A client of another clinic."""
    return Api(wire, create_clinic(database).key())


@pytest.fixture(scope="session")
def cohort() -> Sequence[dict[str, Any]]:
    """The rows of the cohort."""
    return [json.loads(line) for line in COHORT.read_text("utf-8").splitlines()]
