"""Runs the program as a person or a script does: in a separate process."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.cli import main
from app.core.db.database import Database
from app.settings import settings

PATIENCE_S = 300.0


class Ran(NamedTuple):
    """The exit code and the output of a run."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The JSON on the standard output."""
        return json.loads(self.out)


def url_of(database: Database) -> str:
    """The URL of a database, in the form of the setting."""
    return database.engine.url.render_as_string(hide_password=False)


def environment(url: str) -> Mapping[str, str]:
    """The environment of a process that uses the database with this URL."""
    return {**os.environ, "NEEDLEWORK_DATABASE_URL": url, "COLUMNS": "80"}


def within(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, *arguments: str
) -> Ran:
    """Run the program in this process, and return its exit code and output."""
    monkeypatch.setenv("NEEDLEWORK_DATABASE_URL", url)
    monkeypatch.setattr(sys, "argv", ["needlework", *arguments])
    settings.cache_clear()
    capsys.readouterr()
    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code or 0
    settings.cache_clear()
    assert isinstance(code, int)
    out, err = capsys.readouterr()
    return Ran(code, out, err)


def start(url: str, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start `python -m app` in a folder outside its source tree."""
    return subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=folder,
        env=environment(url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(url: str, folder: Path, *arguments: str) -> Ran:
    """Run `python -m app` and wait for its end."""
    with start(url, folder, *arguments) as process:
        out, err = process.communicate(timeout=PATIENCE_S)
        return Ran(process.returncode, out, err)
