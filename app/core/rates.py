"""How many requests a caller may make in some minutes, and what the answers say about that."""

import ipaddress
import math
import time
from collections import Counter
from typing import Final, NamedTuple

from starlette.requests import Request

from app.core.problems import TooManyRequests
from app.core.requests import ADDED

NETWORK_BITS: Final = 64
"""What one subscriber has of IPv6 at least (RFC 6177): all its addresses are for the choosing."""


class Allowance(NamedTuple):
    """Whether a request is granted, and what is left of the `quota` for `left_s` more seconds."""

    policy: str
    granted: bool
    quota: int
    window_s: int
    left: int
    left_s: int

    @property
    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers-10 writes it."""
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.quota};w={self.window_s}',
            "RateLimit": f'"{self.policy}";r={self.left};t={self.left_s}',
        }

    def apply(self, request: Request) -> None:
        """Have the answer say what is left; `TooManyRequests` where nothing was."""
        request.scope[ADDED] |= self.headers
        if not self.granted:
            raise TooManyRequests(self.left_s)


class Rates:
    """Counts each caller's requests in this process; every process counts for itself.

    All windows begin and end together, so that what was counted is forgotten at once. `policy` is
    what the answers call the limit: after whom, or what, it holds for.
    """

    def __init__(self, quota: int, policy: str = "client", minutes: int = 1) -> None:
        self._policy = policy
        self._quota = quota
        self._window_s = minutes * 60
        self._until = 0.0
        self._taken = Counter[str]()

    def take(self, actor: str) -> Allowance:
        """Count one request."""
        now = time.time()
        # Beyond a whole window, the clock was set back.
        if not now < self._until <= now + self._window_s:
            self._until, self._taken = now + self._window_s, Counter()
        self._taken[actor] += 1
        left = self._quota - self._taken[actor]
        left_s = math.ceil(self._until - now)
        return Allowance(self._policy, left >= 0, self._quota, self._window_s, max(0, left), left_s)

    def give_back(self, actor: str) -> None:
        """Count one request less: it wasn't of those that are limited."""
        self._taken[actor] -= 1


def sender(request: Request) -> str:
    """The address that a request came from, as far as one sender is told from another by it."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), NETWORK_BITS), strict=False))
