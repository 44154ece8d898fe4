"""The clinic that most of these tests begin with, and the program."""

import io
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from app.core.db.database import Database
from app.main import create_app
from tests import templates
from tests.accounts.house import House, Program
from tests.cli.program import Ran, url_of, within
from tests.ground import create_clinic
from tests.wire import wired


@pytest.fixture(name="empty", scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without a clinic, to be copied."""
    folder = tmp_path_factory.mktemp("owners")
    with templates.migrated(folder, is_sqlite=True) as url:
        return Path(str(make_url(url).database))


@pytest.fixture(name="house")
def new_house(empty: Path, tmp_path: Path) -> Iterator[House]:
    database = Database(f"sqlite:///{shutil.copy(empty, tmp_path / 'needlework.db')}")
    app = create_app(database)
    with wired(app) as wire:
        yield House(create_clinic(database), app, wire)
    database.close()


@pytest.fixture(name="on")
def program_on_any_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Program:
    def run(database: Database, *arguments: str, typed: str = "") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        return within(monkeypatch, capsys, url_of(database), *arguments)

    return run
