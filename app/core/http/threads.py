"""The threads in which requests use the database, and how many requests may wait for them."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, TypeVar

from app.core.http.places import BoundReachedError
from app.core.values import bounds
from app.core.values.problems import Unavailable

T = TypeVar("T")


class RequestThreads(ThreadPoolExecutor):
    """A pool of threads with a bounded queue. `Unavailable` if too many wait already."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads, "request")
        self._threads_in_all = threads
        self._unfinished = 0
        self._counting = Lock()

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Call a function in a thread, unless too many calls wait."""
        with self._counting:
            if self._unfinished >= self._threads_in_all + bounds.REQUESTS_WAITING_MAX:
                raise Unavailable from BoundReachedError("waiting")
            self._unfinished += 1
        future = super().submit(fn, *args, **kwargs)
        future.add_done_callback(self._finished)
        return future

    def _finished(self, _future: Future[Any]) -> None:
        with self._counting:
            self._unfinished -= 1
