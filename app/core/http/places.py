"""Places: how many requests may hold something scarce at once, and how many of them one clinic."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from app.core.values import bounds
from app.core.values.problems import Unavailable

LOOK_AGAIN_S: Final = 0.02


class BoundReachedError(Exception):
    """A bound was reached: `bound` is its name in `app.core.values.bounds`."""

    def __init__(self, bound: str) -> None:
        super().__init__(bound)
        self.bound = bound


class Places:
    """Places of one kind in this process. A clinic gets at most `of_clinic` of them."""

    def __init__(self, bound: str, total: int, of_clinic: int) -> None:
        self._bound, self._total, self._of_clinic = bound, total, of_clinic
        self._taken, self._waiting = Counter[UUID](), Counter[UUID]()

    @property
    def taken(self) -> int:
        """How many are taken now."""
        return self._taken.total()

    async def take(self, clinic_id: UUID, wait_s: float | None = None) -> None:
        """Take a place. Raises `Unavailable` if none is free for this clinic within `wait_s`.

        By default it waits for `PLACE_WAIT_S`, and not at all if too many wait already.
        """
        if not self._is_free(clinic_id):
            is_full = (
                self._waiting.total() >= bounds.PLACE_WAITING_MAX
                or self._waiting[clinic_id] >= bounds.PLACE_WAITING_OF_CLINIC
            )
            if is_full:
                raise Unavailable from BoundReachedError(self._bound)
            self._waiting[clinic_id] += 1
            try:
                await self._turn(clinic_id, bounds.PLACE_WAIT_S if wait_s is None else wait_s)
            finally:
                self._waiting[clinic_id] -= 1
        self._taken[clinic_id] += 1

    def give_back(self, clinic_id: UUID) -> None:
        """Free a place."""
        self._taken[clinic_id] -= 1

    @asynccontextmanager
    async def held(self, clinic_id: UUID, wait_s: float | None = None) -> AsyncIterator[None]:
        """Hold a place during the block. Raises `Unavailable` like `take`."""
        await self.take(clinic_id, wait_s)
        try:
            yield
        finally:
            self.give_back(clinic_id)

    def _is_free(self, clinic_id: UUID) -> bool:
        return self.taken < self._total and self._taken[clinic_id] < self._of_clinic

    async def _turn(self, clinic_id: UUID, wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s):
                while not self._is_free(clinic_id):  # noqa: ASYNC110 - see below
                    await asyncio.sleep(LOOK_AGAIN_S)  # an event would belong to one event loop
        except TimeoutError:
            raise Unavailable from BoundReachedError(self._bound)
