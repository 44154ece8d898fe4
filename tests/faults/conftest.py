"""Fixtures: a server process on a database of each kind, which a test may kill."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.core.db.database import Database
from app.core.db.schema import migrate
from tests import templates
from tests.faults.callers import Caller
from tests.ground import Clinic, create_clinic
from tests.serving import Serving, serving

SHORT_ROUNDS = 3
SHORT_ENTRIES = 3_200


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rounds", type=int, default=SHORT_ROUNDS, help="how often a server is killed in a test"
    )
    parser.addoption(
        "--entries", type=int, default=SHORT_ENTRIES, help="how long the feed of changes is"
    )
    parser.addoption(
        "--at-length", action="store_true", help="run what `make test` has no time for, too"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the long tests in `make test`; pytest's last line counts them."""
    if not config.getoption("--at-length", default=False):
        long = [item for item in items if item.get_closest_marker("at_length")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the measured figures."""
    for report in terminalreporter.getreports("passed"):
        told = ", ".join(f"{value} {name}" for name, value in report.user_properties)
        if told and report.when == "call":
            terminalreporter.write_line(f"{report.nodeid.split('::')[-1]}: {told}")


@pytest.fixture(scope="session")
def rounds(pytestconfig: pytest.Config) -> int:
    """How often to kill; the option only exists if pytest is called with this folder."""
    given: int = pytestconfig.getoption("--rounds", SHORT_ROUNDS)
    return given


@pytest.fixture
def entries(pytestconfig: pytest.Config) -> int:
    """How many entries the feed gets; the option exists only where `rounds` does."""
    given: int = pytestconfig.getoption("--entries", SHORT_ENTRIES)
    return given


@dataclass(frozen=True)
class Deployment:
    """A database and the server on it."""

    url: str
    database: Database
    serving: Serving


@dataclass(frozen=True)
class Site:
    """A clinic, and the server on its database."""

    deployment: Deployment
    clinic: Clinic
    key: str
    _callers: list[Caller] = field(default_factory=list)

    def caller(self, port: int | None = None) -> Caller:
        """A client with every scope."""
        caller = Caller(port or self.deployment.serving.port, self.key)
        self._callers.append(caller)
        return caller

    def close(self) -> None:
        """Close the connections of all callers."""
        for caller in self._callers:
            caller.close()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def deployment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """A migrated database and its server, shared by these tests."""
    folder = tmp_path_factory.mktemp("faults")
    with ExitStack() as stack:
        migrated = templates.migrated(folder, is_sqlite=request.param == "sqlite")
        url = stack.enter_context(migrated)
        yield stack.enter_context(deploy(url, folder))


SQLITE_AT_LENGTH = pytest.mark.parametrize(
    "deployment", [pytest.param("sqlite", marks=pytest.mark.at_length), "postgresql"], indirect=True
)
"""Several servers on one database: usual with PostgreSQL, and possible with SQLite."""


@contextmanager
def deploy(url: str, folder: Path) -> Iterator[Deployment]:
    """Migrate a database and serve it."""
    with closing(Database(url)) as database:
        migrate(database)
        with serving(folder / "server.log", NEEDLEWORK_DATABASE_URL=url) as server:
            yield Deployment(url, database, server)


@pytest.fixture
def site(deployment: Deployment) -> Iterator[Site]:
    """A new clinic, which no other test uses."""
    with closing(create_site(deployment)) as site:
        yield site


def create_site(deployment: Deployment) -> Site:
    """Create a clinic in the database of this server."""
    clinic = create_clinic(deployment.database)
    return Site(deployment, clinic, clinic.key())
