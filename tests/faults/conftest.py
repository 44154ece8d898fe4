"""A server process on a database of each kind, which a test may kill."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.core.database import Database
from app.core.schema import migrate
from tests import postgres
from tests.faults.callers import Caller
from tests.ground import Clinic, found
from tests.serving import NEEDLEWORK, Serving, serving

SHORT_ROUNDS = 3


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rounds", type=int, default=SHORT_ROUNDS, help="how often a server is killed in a test"
    )


@pytest.fixture
def rounds(pytestconfig: pytest.Config) -> int:
    """How often to kill; the option is known only where these tests are asked for by name."""
    given: int = pytestconfig.getoption("--rounds", SHORT_ROUNDS)
    return given


@dataclass(frozen=True)
class Site:
    """A clinic, its database, and the server that serves it."""

    url: str
    clinic: Clinic
    key: str
    serving: Serving
    _callers: list[Caller] = field(default_factory=list)

    def caller(self) -> Caller:
        """A client with every scope."""
        caller = Caller(self.serving.port, self.key)
        self._callers.append(caller)
        return caller

    def close(self) -> None:
        """Hang up all callers."""
        for caller in self._callers:
            caller.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'needlework.db'}"
    else:
        with postgres.server() as server, server.database() as url:
            yield url


@pytest.fixture
def site(url: str, tmp_path: Path) -> Iterator[Site]:
    """A clinic that is being served."""
    yield from served(url, tmp_path)


def served(url: str, folder: Path, module: Sequence[str] = NEEDLEWORK) -> Iterator[Site]:
    """Serve a new clinic on this database."""
    database = Database(url)
    migrate(database)
    clinic = found(database)
    key = clinic.key()
    # The server alone has the database open, so that its death is a crash of the last user.
    database.close()
    with serving(folder / "server.log", module, NEEDLEWORK_DATABASE_URL=url) as server:
        site = Site(url, clinic, key, server)
        yield site
        site.close()
    database.close()
