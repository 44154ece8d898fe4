"""What a database reads, counted by the database itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import event

from app.core.db.database import Database

STEPS = 10
"""SQLite reports every so many steps of its virtual machine."""
ROWS = (
    "SELECT (SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables)"
    " + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes)"
)

Count = Callable[[], int]


@contextmanager
def counted(database: Database) -> Iterator[Count]:
    """Yield a function that tells how many steps (SQLite) or rows (PostgreSQL) were read so far."""
    if not database.is_sqlite:
        event.listen(database.engine, "checkin", _flush)
        address = database.engine.url.set(drivername="postgresql")
        whole = address.render_as_string(hide_password=False)
        with psycopg.connect(whole, autocommit=True) as watcher:
            yield lambda: sum(int(read) for (read,) in watcher.execute(ROWS))
        return
    seen = 0

    def step() -> None:
        nonlocal seen
        seen += STEPS

    def watch(connection: Any, _record: object) -> None:
        connection.set_progress_handler(step, STEPS)

    event.listen(database.engine, "connect", watch)
    yield lambda: seen


def _flush(connection: Any, _record: object) -> None:
    """Let PostgreSQL count what this connection has read at once, not within a second."""
    if connection is not None:
        connection.execute("SELECT pg_stat_force_next_flush()")
