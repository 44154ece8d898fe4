"""The ground that every test stands on: a migrated database of each kind, a clinic of its own.

A test that asks for `api` (or `clinic`, or `database`) runs once on SQLite and once on
PostgreSQL. All tests of a worker share one database of each kind; what keeps them apart is what
keeps clinics apart.
"""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI
from httpx2 import Client
from hypothesis import HealthCheck, settings

from app.core.db.database import Database
from app.core.db.schema import migrate
from app.core.http import deadline
from app.kinds import fill_registry
from app.main import create_app
from tests import postgres
from tests.ground import Api, Clinic, found
from tests.wire import wired

COHORT = Path(__file__).parent / "progress" / "cohort.ndjson"
"""48 made-up patients of one clinic, their sessions and follow-ups: the rows of an import."""

REQUEST_MAX_S = 60.0

settings.register_profile(
    "ci",
    deadline=None,  # this is about right and wrong; `make bench` is about time
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make test-both` has time for all."""
    told = "run on PostgreSQL, too, what is alike there"
    parser.addoption("--both", action="store_true", help=told)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out on PostgreSQL what is alike there."""
    if not config.getoption("--both"):
        again = [item for item in items if item.get_closest_marker("alike") and _is_second(item)]
        config.hook.pytest_deselected(items=again)
        items[:] = [item for item in items if item not in again]


def _is_second(item: pytest.Item) -> bool:
    given = getattr(item, "callspec", None)
    return given is not None and "postgresql" in given.params.values()


def pytest_configure() -> None:
    """Start as a server does: with every kind of record, and a key to sign ledgers with.

    And let one address, from which all tests come, ask for as many tokens as they need, and print
    with the fonts that come along, whatever others this machine has.
    """
    fill_registry()
    os.environ["NEEDLEWORK_SYSTEM_FONTS"] = "false"
    os.environ["NEEDLEWORK_TOKEN_REQUESTS_PER_MINUTE"] = "100000"
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    os.environ["NEEDLEWORK_LEDGER_KEY"] = pem.decode()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Have a PostgreSQL ready for all workers."""
    postgres.start_for(session.config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing running."""
    postgres.stop_for(config)


@pytest.fixture(scope="session", autouse=True)
def patient() -> Iterator[None]:
    """Give a request to this process a minute: a busy machine may need more than an operator's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deadline, "REQUEST_MAX_S", REQUEST_MAX_S)
        yield


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A migrated database that this worker's tests share."""
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("sqlite") / "needlework.db"
        yield from _migrated(f"sqlite:///{file}")
    else:
        with postgres.server() as server, server.database() as url:
            yield from _migrated(url)


def _migrated(url: str) -> Iterator[Database]:
    database = Database(url)
    migrate(database)
    yield database
    database.close()


@pytest.fixture(scope="session")
def app(database: Database) -> FastAPI:
    """The application on that database."""
    return create_app(database)


@pytest.fixture(scope="session")
def wire(app: FastAPI) -> Iterator[Client]:
    """A client of the application that isn't anybody yet."""
    with wired(app) as wire:
        yield wire


@pytest.fixture
def clinic(database: Database) -> Clinic:
    """A clinic that no other test knows."""
    return found(database)


@pytest.fixture
def api(wire: Client, clinic: Clinic) -> Api:
    """The clinic's own client, with every scope."""
    return Api(wire, clinic.key())


@pytest.fixture
def other_api(wire: Client, database: Database) -> Api:
    """A client of another clinic."""
    return Api(wire, found(database).key())


@pytest.fixture(scope="session")
def cohort() -> Sequence[dict[str, Any]]:
    """The rows of the cohort."""
    return [json.loads(line) for line in COHORT.read_text("utf-8").splitlines()]
