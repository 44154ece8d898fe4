"""R9: the data of every earlier migration reach the newest one unaltered, and go the way back.

One database walks through all revisions. At each revision it gets the clinic that a program of that
time wrote, so that in the end it has a clinic from each of them.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.core.db.database import Database
from app.core.db.schema import head
from app.core.operation import Operation
from app.core.values.access import Caller, Scope
from app.main import create_app
from app.state import inspection
from tests import postgres, templates
from tests.ground import Api
from tests.upgrades.recorded import (
    Recording,
    fill,
    migrate_to,
    recordings,
    revisions,
)
from tests.wire import wired

RECORDED = pytest.mark.parametrize("revision", recordings())
BACK = ("0021", "0004")
"""To where the short form goes back; the long form goes back to every revision."""
LONG = tuple(reversed([revision for revision in recordings() if revision != head()]))
READ = {
    "patients": "/v1/patients/{}",
    "practitioners": "/v1/practitioners/{}",
    "episodes": "/v1/episodes/{}",
    "sessions": "/v1/sessions/{}",
    "measurements": "/v1/measurements/{}",
    "consents": "/v1/consents/{}",
    "screenings": "/v1/screenings/{}",
    "adverse_events": "/v1/adverse-events/{}",
    "thresholds": "/v1/thresholds/{}",
}


def walk(database: Database) -> None:
    for revision, recording in recordings().items():
        migrate_to(database, revision)
        fill(database, recording)
    migrate_to(database, head())


@pytest.fixture(name="walked", scope="module", params=["sqlite", "postgresql"])
def database_from_every_revision(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of a database with a clinic from each revision, at the newest one, to be copied."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('walked')}/older.db"
        else:
            url = stack.enter_context(stack.enter_context(postgres.server()).database())
        with closing(Database(url)) as database:
            walk(database)
        yield url


@contextmanager
def opened(walked: str, folder: Path) -> Iterator[Database]:
    """A copy of that database."""
    with templates.copied(walked, folder) as url, closing(Database(url)) as database:
        yield database


@pytest.fixture(name="older", scope="module")
def copy_that_is_served(
    walked: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    with opened(walked, tmp_path_factory.mktemp("older")) as database:
        yield database


@pytest.fixture(name="wire", scope="module")
def client_without_credentials(older: Database) -> Iterator[Any]:
    with wired(create_app(older)) as wire:
        yield wire


def faults(database: Database, recording: Recording) -> list[str]:
    """What `doctor --deep` finds in a clinic."""
    caller = Caller(recording.clinic_id, None, "cli", frozenset(Scope))
    op = Operation("doctor", caller, "test")
    with database.reading(recording.clinic_id) as db:
        op.begin(db)
        return list(inspection.faults(op))


def altered(api: Api, recording: Recording) -> dict[str, Any]:
    """The records that aren't answered with every member that they had, by their path."""
    found: dict[str, Any] = {}
    for (resource, id_), body in recording.newest().items():
        if resource in READ:
            path = READ[resource].format(id_)
            answer = api.get(path)
            if answer.status_code != 200 or not keeps(answer.json(), body):
                found[path] = (body, answer.json())
    return found


def keeps(new: Any, old: Any) -> bool:
    """Whether every member of an older version is there, at any depth, with the same value."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(name in new and keeps(new[name], old[name]) for name in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(new) == len(old) and all(map(keeps, new, old))
    return bool(new == old)


@RECORDED
def test_a_clinic_of_each_earlier_migration_is_served_and_verifies_after_the_upgrade(
    older: Database, wire: Any, revision: str
) -> None:
    recording = recordings()[revision]
    assert faults(older, recording) == []
    assert altered(Api(wire, recording.api_key), recording) == {}


@pytest.mark.parametrize(
    "back", [BACK, pytest.param(LONG, marks=pytest.mark.at_length, id="every")]
)
def test_the_way_back_and_up_again_leaves_the_data_of_what_was_there(
    walked: str, back: tuple[str, ...], tmp_path: Path
) -> None:
    with opened(walked, tmp_path) as database:
        for revision in back:
            migrate_to(database, revision, down=True)
            migrate_to(database, head())
            left = [each for each in recordings().values() if each.revision <= revision]
            assert {each.revision: faults(database, each) for each in left} == {
                each.revision: [] for each in left
            }
            with wired(create_app(database)) as wire:
                own = recordings()[revision]
                assert altered(Api(wire, own.api_key), own) == {}


def test_every_clinic_was_written_by_the_program_of_its_revision() -> None:
    assert set(recordings()) <= set(revisions())
    for revision, recording in recordings().items():
        assert recording.revision == revision
        assert recording.newest() or revision == "0001"
