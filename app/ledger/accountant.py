"""The accountant: commits the entries of many reads together, before these are answered."""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from uuid import UUID

from app.core.db.database import Database, set_clinic
from app.core.operation import Operation
from app.core.values.problems import LedgerDamaged, Unavailable
from app.ledger.service import append

GATHER_S: Final = 0.008
"""Seconds to collect entries when several requests read at a time: one commit then serves all."""

Done = asyncio.Future[None]
Batch = Sequence[tuple[Operation, Done]]


class Accountant:
    """One thread and one connection that write the entries of reads and of refused attempts.

    While one commit runs, the entries for the next are collected. So many reads share one wait for
    the disk. Raises `Unavailable` if the entries can't be written, and `LedgerDamaged`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: list[tuple[Operation, Done]] = []
        self._concurrent = False
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="accountant")

    async def __call__(self, op: Operation) -> None:
        """Return when the operation's entries are durable."""
        done = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting.append((op, done))
            first = len(self._waiting) == 1
        if first:
            self._writer.submit(self._commit)
        await done

    def _commit(self) -> None:
        if self._concurrent:
            time.sleep(GATHER_S)
        with self._lock:
            waiting, self._waiting = self._waiting, []
        # Skip requests that were cancelled: they got no answer.
        batch = [(op, done) for op, done in waiting if not done.done()]
        self._concurrent = len(batch) > 1
        if not batch:
            return
        for waiters, error in self._outcomes(batch):
            _resolve(waiters, error)

    def _outcomes(self, batch: Batch) -> Iterator[tuple[list[Done], Exception | None]]:
        """Write a batch. A clinic's damaged ledger doesn't stop the others."""
        error: Exception | None = None
        try:
            self._write(batch)
        except LedgerDamaged as damage:
            by_clinic = _by_clinic(batch)
            if len(by_clinic) > 1:
                for part in by_clinic.values():
                    yield from self._outcomes(part)
                return
            error = damage
        except Exception as failure:  # noqa: BLE001 - it is raised in each waiting request
            error = failure
        yield [done for _, done in batch], error

    def _write(self, batch: Batch) -> None:
        by_clinic = {id: [op for op, _ in part] for id, part in _by_clinic(batch).items()}
        # Always lock the counters in the same order, so that two batches can't deadlock.
        first, *others = sorted(by_clinic)
        with self._database.writing(first) as db:
            append(db, by_clinic[first])
            for clinic_id in others:
                set_clinic(db, clinic_id)
                append(db, by_clinic[clinic_id])
            if all(done.done() for _, done in batch):
                raise Unavailable  # all requests were cancelled, so roll back: nobody got an answer

    def close(self) -> None:
        """Write the waiting entries, and stop."""
        self._writer.shutdown()


def _by_clinic(batch: Batch) -> Mapping[UUID, Batch]:
    parts: dict[UUID, list[tuple[Operation, Done]]] = defaultdict(list)
    for op, done in batch:
        parts[op.clinic_id].append((op, done))
    return parts


def _resolve(waiting: Iterable[Done], error: Exception | None) -> None:
    """Resolve the futures, with one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Done]] = defaultdict(list)
    for done in waiting:
        by_loop[done.get_loop()].append(done)
    for loop, some in by_loop.items():
        loop.call_soon_threadsafe(_wake, some, error)


def _wake(waiting: Iterable[Done], error: Exception | None) -> None:
    for done in waiting:
        if done.done():
            continue  # the request was cancelled
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
