"""Waiting writers get their turn in order, and bulk work doesn't hold up the others."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from threading import Event

import pytest

from app.core.db.database import Database
from app.core.db.turns import Turns
from app.core.values.problems import Unavailable

LONG_S = 30.0
Turn = Callable[[], AbstractContextManager[object]]


@contextmanager
def queued(waiting: Callable[[], int], first: Turn, *others: Turn) -> Iterator[list[int]]:
    """Let turns wait one after the other while the first is held, and list who came when."""
    came: list[int] = []

    def wait(turn: Turn, n: int) -> None:
        with turn():
            came.append(n)

    with ThreadPoolExecutor(len(others)) as pool:
        with first():
            for n, turn in enumerate(others):
                pool.submit(wait, turn, n)
                while waiting() <= n:
                    time.sleep(0.001)
        pool.shutdown()
    yield came


def test_those_that_wait_come_in_the_order_in_which_they_began_to_wait() -> None:
    turns = Turns()
    with queued(lambda: turns.waiting, *[lambda: turns.turn(LONG_S)] * 6) as came:
        assert came == [0, 1, 2, 3, 4]


def test_who_waited_too_long_is_refused_and_holds_up_nobody() -> None:
    turns = Turns()
    entered, over = Event(), Event()

    def hold() -> None:
        with turns.turn(LONG_S):
            entered.set()
            over.wait(LONG_S)

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold)
        entered.wait(LONG_S)
        with pytest.raises(Unavailable), turns.turn(0.01):
            pass
        over.set()
        held.result()
    with turns.turn(0.01):
        pass


def test_a_failure_inside_a_turn_passes_it_on() -> None:
    turns = Turns()
    with pytest.raises(RuntimeError), turns.turn(LONG_S):
        raise RuntimeError
    with turns.turn(0.01):
        pass


def test_one_transaction_of_bulk_work_at_most_is_before_another_writer(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'turns.db'}")) as database:
        bulk: Turn = lambda: database.writing(bulk=True)  # noqa: E731
        waiting = lambda: database.writers.waiting + database.bulk_writers.waiting  # noqa: E731
        with queued(waiting, database.writing, bulk, bulk, bulk, database.writing) as came:
            assert came == [0, 3, 1, 2]
