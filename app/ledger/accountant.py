"""The accountant: commits the entries of many readers together, before they get their answers."""

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor

from app.core.database import Database
from app.core.operation import Operation
from app.ledger.service import append


class Accountant:
    """One thread and one connection that write what reads, and denied attempts, leave behind.

    While one commit runs, the entries of the next gather: however many read at a time, the
    disk is waited for once. `Unavailable` where the entries can't be written.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: list[tuple[Operation, Future[None]]] = []
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="accountant")

    async def __call__(self, op: Operation) -> None:
        """Come back when the operation's entries are durable."""
        done: Future[None] = Future()
        with self._lock:
            self._waiting.append((op, done))
        self._writer.submit(self._commit)
        await asyncio.wrap_future(done)

    def _commit(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        if not batch:
            return  # an earlier turn took them all
        try:
            with self._database.writing() as db:
                append(db, [op for op, _ in batch])
        except Exception as error:  # noqa: BLE001 - whoever waits for it raises it
            for _, done in batch:
                done.set_exception(error)
        else:
            for _, done in batch:
                done.set_result(None)

    def close(self) -> None:
        """Write what is waiting, and stop."""
        self._writer.shutdown()
