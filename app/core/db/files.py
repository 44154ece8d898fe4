"""Notice that the files of a SQLite database were replaced beneath the server.

A process that has a file open goes on writing to it, even after somebody renames, removes or
replaces the file. Such writes are lost: no later process finds them. SQLite doesn't notice a
removed WAL at all. So each connection remembers which files it has open, and each commit compares
them with what their paths name now.
"""

import os
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from weakref import WeakSet

from sqlalchemy import Connection

from app.core.values.problems import DatabaseReplaced

WAL_SUFFIX: Final = "-wal"

Identity = tuple[int, int] | None
"""The device and the inode of a file; None without one."""


class FileConnection(sqlite3.Connection):
    """A connection that remembers the files that it has open, by path.

    While it is open, SQLite doesn't remove or replace its WAL. Only the last connection of all
    processes does that, when it closes.
    """

    identities: Mapping[str, Identity] = {}


class DatabaseFiles:
    """The files of one SQLite database: the database itself and its WAL."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._open: WeakSet[FileConnection] = WeakSet()

    def check_before_open(self) -> None:
        """Raise `DatabaseReplaced` if this process has other files open than the paths name.

        A further connection would read and write these other files.
        """
        with self._lock:
            for connection in self._open:
                _check(connection)

    def opened(self, connection: FileConnection) -> None:
        """Remember the files of a new connection. It must have read once, which opens the WAL."""
        # SQLite follows links of the database's path. The WAL is beside the file itself.
        paths = (str(self._file), os.path.realpath(self._file) + WAL_SUFFIX)
        connection.identities = {path: _identity(path) for path in paths}
        with self._lock:
            if any(other.identities != connection.identities for other in self._open):
                connection.close()
                raise DatabaseReplaced
            self._open.add(connection)

    def closed(self, connection: FileConnection) -> None:
        """Forget a connection that is about to close. The last one removes the WAL."""
        with self._lock:
            self._open.discard(connection)

    def check(self, db: Connection) -> None:
        """Raise `DatabaseReplaced` if the paths don't name the files of this connection any more.

        It takes about 4 µs.
        """
        connection: Any = db.connection.dbapi_connection
        _check(connection)

    def save(self, db: Connection) -> None:
        """Move what the WAL holds into the database, if only the WAL was removed or replaced.

        Otherwise its commits would be lost with the process. They are in no other file.
        """
        connection: Any = db.connection.dbapi_connection
        path = str(self._file)
        if connection.identities[path] == _identity(path):
            with suppress(sqlite3.Error):
                connection.rollback()
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _check(connection: FileConnection) -> None:
    for path, identity in connection.identities.items():
        if _identity(path) != identity:
            raise DatabaseReplaced


def _identity(path: str) -> Identity:
    try:
        found = os.stat(path)  # noqa: PTH116 - on every commit: `Path.stat` takes twice as long
    except OSError:
        return None
    return found.st_dev, found.st_ino
