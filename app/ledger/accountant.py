"""The accountant: commits the entries of many readers together, before they get their answers."""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from uuid import UUID

from app.core.db.database import Database, set_clinic
from app.core.operation import Operation
from app.core.values.problems import Unavailable
from app.ledger.service import append

GATHER_S: Final = 0.008
"""How long to gather, where several read at a time: a commit costs more than its entries."""

Done = asyncio.Future[None]


class Accountant:
    """One thread and one connection that write what reads, and denied attempts, leave behind.

    While one commit runs, the entries of the next gather: however many read at a time, the
    disk is waited for once. `Unavailable` where the entries can't be written.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: list[tuple[Operation, Done]] = []
        self._crowded = False
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="accountant")

    async def __call__(self, op: Operation) -> None:
        """Come back when the operation's entries are durable."""
        done = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting.append((op, done))
            first = len(self._waiting) == 1
        if first:
            self._writer.submit(self._commit)
        await done

    def _commit(self) -> None:
        if self._crowded:
            time.sleep(GATHER_S)
        with self._lock:
            waiting, self._waiting = self._waiting, []
        # Whoever has gone was shown nothing.
        batch = [(op, done) for op, done in waiting if not done.done()]
        self._crowded = len(batch) > 1
        if not batch:
            return
        error = None
        try:
            self._write(batch)
        except Exception as failure:  # noqa: BLE001 - whoever waits for it raises it
            error = failure
        _tell([done for _, done in batch], error)

    def _write(self, batch: Sequence[tuple[Operation, Done]]) -> None:
        by_clinic: dict[UUID, list[Operation]] = defaultdict(list)
        for op, _ in batch:
            by_clinic[op.clinic_id].append(op)
        # In one order always: two who lock several counters never wait for each other.
        first, *others = sorted(by_clinic)
        with self._database.writing(first) as db:
            append(db, by_clinic[first])
            for clinic_id in others:
                set_clinic(db, clinic_id)
                append(db, by_clinic[clinic_id])
            if all(done.done() for _, done in batch):
                raise Unavailable  # it took so long that nobody waits, or was shown anything

    def close(self) -> None:
        """Write what is waiting, and stop."""
        self._writer.shutdown()


def _tell(waiting: Iterable[Done], error: Exception | None) -> None:
    """Wake whoever waits, each loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Done]] = defaultdict(list)
    for done in waiting:
        by_loop[done.get_loop()].append(done)
    for loop, some in by_loop.items():
        loop.call_soon_threadsafe(_wake, some, error)


def _wake(waiting: Iterable[Done], error: Exception | None) -> None:
    for done in waiting:
        if done.done():
            continue  # whoever waited has gone
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
