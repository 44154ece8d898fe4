"""Turns: a lock that its waiters get in the order in which they came."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from app.core.values.problems import Unavailable


class Turns:
    """A lock for one thread at a time. So a wait has a bound: what those before it take.

    `threading.Lock` lets a thread that comes back at once get in before those that wait.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting = deque[threading.Lock]()
        self._is_taken = False

    @property
    def waiting(self) -> int:
        """How many threads wait now."""
        return len(self._waiting)

    @contextmanager
    def turn(self, wait_s: float) -> Iterator[None]:
        """Hold the lock during the block. Raises `Unavailable` after a wait of `wait_s` seconds."""
        self._take(wait_s)
        try:
            yield
        finally:
            self._pass_on()

    def _take(self, wait_s: float) -> None:
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=wait_s):
            return
        with self._lock:
            if mine in self._waiting:  # otherwise the turn came at the last moment
                self._waiting.remove(mine)
                raise Unavailable

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False
