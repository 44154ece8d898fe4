"""A commit is refused exactly if the files of a SQLite database were replaced."""

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from app.core.db.database import Database
from app.core.values.problems import DatabaseReplaced, Unavailable

WRITERS = 8
WRITES = 60


@pytest.fixture(name="file")
def file_of_a_database(tmp_path: Path) -> Path:
    file = tmp_path / "a.db"
    with closing(Database(f"sqlite:///{file}")) as database, database.writing() as db:
        db.exec_driver_sql("CREATE TABLE things (number INTEGER PRIMARY KEY)")
    return file


@pytest.fixture(name="opened")
def open_database(file: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{file}")) as database:
        write(database, 1)
        yield database


def write(database: Database, number: int) -> None:
    with database.writing() as db:
        db.exec_driver_sql("INSERT INTO things VALUES (?)", (number,))


def numbers(db: Connection) -> list[int]:
    return [number for (number,) in db.exec_driver_sql("SELECT number FROM things ORDER BY 1")]


def in_file(file: Path) -> list[int]:
    """What another process reads there."""
    with closing(sqlite3.connect(file)) as db:
        return [number for (number,) in db.execute("SELECT number FROM things ORDER BY 1")]


def wal(file: Path) -> Path:
    return file.with_name(file.name + "-wal")


def rename(file: Path) -> None:
    file.rename(file.with_name("other"))


def rename_folder(file: Path) -> None:
    file.parent.rename(file.parent.with_name(f"{file.parent.name}-moved"))


def replace(file: Path) -> None:
    copied = file.with_name("copied")
    shutil.copyfile(file, copied)
    copied.replace(file)


def remove_wal(file: Path) -> None:
    wal(file).unlink()


def replace_wal(file: Path) -> None:
    replace(wal(file))


def remove_all(file: Path) -> None:
    for path in (file, wal(file), file.with_name(file.name + "-shm")):
        path.unlink()


@pytest.mark.parametrize(
    "act", [rename, rename_folder, Path.unlink, replace, remove_wal, replace_wal, remove_all]
)
def test_nothing_is_committed_after_a_replacement(
    opened: Database, file: Path, act: Callable[[Path], None]
) -> None:
    with opened.reading() as reading:
        numbers(reading)
        act(file)
        for number in (2, 3):
            with pytest.raises(DatabaseReplaced):
                write(opened, number)
        # Also not by a connection that is opened only now: it would open the other file.
        with pytest.raises(DatabaseReplaced), opened.reading() as other, other.engine.connect():
            pass
        assert numbers(reading) == [1]


def test_a_migration_is_not_committed_after_a_replacement(opened: Database, file: Path) -> None:
    def migrate() -> None:
        with opened.owning() as db, db.begin():
            db.exec_driver_sql("DROP TABLE things")
            replace(file)

    with pytest.raises(DatabaseReplaced):
        migrate()
    with opened.reading() as db:
        assert numbers(db) == [1]


@pytest.mark.parametrize("act", [remove_wal, replace_wal])
def test_what_a_lost_wal_held_is_saved(
    opened: Database, file: Path, act: Callable[[Path], None]
) -> None:
    act(file)
    with pytest.raises(DatabaseReplaced):
        write(opened, 2)
    copied = file.with_name("copied")
    shutil.copyfile(file, copied)  # as after a kill: only the file itself is left
    assert in_file(copied) == [1]


def test_writes_go_on_once_the_same_file_is_back(opened: Database, file: Path) -> None:
    other = file.with_name("other")
    file.rename(other)
    with pytest.raises(DatabaseReplaced):
        write(opened, 2)
    other.rename(file)
    write(opened, 3)
    with opened.reading() as db:
        assert numbers(db) == [1, 3]


def test_a_wal_that_sqlite_removes_itself_is_no_replacement(opened: Database, file: Path) -> None:
    for number in range(2, 6):
        opened.close()
        assert not wal(file).exists()
        write(opened, number)
    assert in_file(file) == [1, 2, 3, 4, 5]


def test_another_process_may_write_and_close(opened: Database, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("INSERT INTO things VALUES (2)")
        other.execute("VACUUM")
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    write(opened, 3)
    assert in_file(file) == [1, 2, 3]


def test_a_link_to_the_database_is_followed(file: Path) -> None:
    folder = file.with_name("links")
    folder.mkdir()
    link = folder / "link.db"
    link.symlink_to(file)
    with closing(Database(f"sqlite:///{link}")) as database:
        write(database, 1)
        assert wal(file).exists()
        write(database, 2)
        link.unlink()
        link.symlink_to(shutil.copyfile(file, file.with_name("copied")))
        with pytest.raises(DatabaseReplaced):
            write(database, 3)


def test_a_uri_is_not_watched(file: Path) -> None:
    with closing(Database(f"sqlite:///file:{file}?uri=true")) as database:
        assert database.file is None
        write(database, 1)
        write(database, 2)


def test_no_commit_is_refused_under_load(opened: Database, file: Path) -> None:
    """Many threads write and read, and the pool's connections are closed again and again."""

    def work(seed: int) -> list[int]:
        chance, written = random.Random(seed), []
        for n in range(WRITES):
            number = 10 + seed * WRITES + n
            try:
                write(opened, number)
                written.append(number)
                with opened.reading() as db:
                    numbers(db)
            except DatabaseReplaced:
                raise
            except Unavailable:  # the write lock took too long on a busy machine
                continue
            if chance.random() < 0.1:
                opened.close()
        return written

    with ThreadPoolExecutor(WRITERS) as pool:
        written = [number for numbers in pool.map(work, range(WRITERS)) for number in numbers]
    assert written
    assert in_file(file) == sorted([1, *written])


def test_a_connection_that_was_never_closed_is_forgotten(file: Path) -> None:
    with closing(Database(f"sqlite:///{file}")) as database:
        connection = database.engine.connect()
        assert wal(file).exists()
        database.close()
        del connection
        write(database, 1)
        database.close()
        write(database, 2)
    assert in_file(file) == [1, 2]
