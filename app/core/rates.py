"""How many requests a caller may make in a minute, and what the answers say about that."""

import math
import time
from typing import Final, NamedTuple

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

WINDOW_S: Final = 60


class Allowance(NamedTuple):
    """Whether a request is granted, and what is left of the `quota` for `left_s` more seconds."""

    granted: bool
    quota: int
    left: int
    left_s: int

    @property
    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers-10 writes it."""
        return {
            "RateLimit-Policy": f'"client";q={self.quota};w={WINDOW_S}',
            "RateLimit": f'"client";r={self.left};t={self.left_s}',
        }


class Rates:
    """Counts each caller's requests in this process; every process counts for itself."""

    def __init__(self, per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(per_minute)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def take(self, actor: str) -> Allowance:
        """Count one request."""
        granted = self._limiter.hit(self._limit, actor)
        until, left = self._limiter.get_window_stats(self._limit, actor)
        return Allowance(granted, self._limit.amount, left, max(1, math.ceil(until - time.time())))
