"""Copies of databases: a migration takes a second or two, a copy a fraction of that.

The tests of migrations and of commands that migrate do without: they begin with an empty database.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import make_url

from app.core.db.database import Database
from app.core.db.schema import migrate
from tests import postgres

_KEPT = ExitStack()


@contextmanager
def migrated(folder: Path, *, is_sqlite: bool) -> Iterator[str]:
    """The URL of a new migrated database without a clinic. A SQLite file lies in the folder."""
    with copied(_migrated(is_sqlite), folder) as url:
        yield url


@contextmanager
def copied(original: str, folder: Path) -> Iterator[str]:
    """The URL of a copy of a database, to which nothing may be connected."""
    there = make_url(original)
    if there.get_backend_name() == "sqlite":
        folder.mkdir(parents=True, exist_ok=True)
        yield f"sqlite:///{shutil.copy(str(there.database), folder / 'needlework.db')}"
    else:
        with postgres.server() as server, server.database(str(there.database)) as url:
            yield url


def remove() -> None:
    """Remove the databases that were kept to be copied. Call it when pytest is unconfigured."""
    _migrated.cache_clear()
    _KEPT.close()


@cache
def _migrated(is_sqlite: bool) -> str:  # noqa: FBT001 - the key of the cache
    """The URL of a migrated database, which this process makes once and only copies."""
    if is_sqlite:
        folder = _KEPT.enter_context(tempfile.TemporaryDirectory())
        url = f"sqlite:///{folder}/migrated.db"
    else:
        server = _KEPT.enter_context(postgres.server())
        url = _KEPT.enter_context(server.database())
    with closing(Database(url)) as database:
        migrate(database)
    return url
