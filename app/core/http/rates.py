"""Rate limits: how many requests a caller may make in a window of time."""

import ipaddress
import math
import time
from collections import Counter
from typing import Final, NamedTuple

from starlette.requests import Request

from app.core.http.requests import EXTRA_HEADERS
from app.core.values.problems import TooManyRequests

NETWORK_BITS: Final = 64
"""The smallest IPv6 network of a subscriber (RFC 6177), who may use all of its addresses."""


class Allowance(NamedTuple):
    """Whether a request is granted, and how many are `left` in the window, for `left_s` seconds."""

    policy: str
    granted: bool
    quota: int
    window_s: int
    left: int
    left_s: int

    @property
    def headers(self) -> dict[str, str]:
        """The headers of draft-ietf-httpapi-ratelimit-headers-10."""
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.quota};w={self.window_s}',
            "RateLimit": f'"{self.policy}";r={self.left};t={self.left_s}',
        }

    def apply(self, request: Request) -> None:
        """Add the headers to the answer. Raise `TooManyRequests` if the request isn't granted."""
        request.scope[EXTRA_HEADERS] |= self.headers
        if not self.granted:
            raise TooManyRequests(self.left_s)


class Rates:
    """Counts each caller's requests, separately in each process.

    All windows begin and end together, so that all counts are dropped at once. `policy` is the
    limit's name in the headers.
    """

    def __init__(self, quota: int, policy: str = "client", minutes: int = 1) -> None:
        self._policy = policy
        self._quota = quota
        self._window_s = minutes * 60
        self._until = 0.0
        self._taken = Counter[str]()
        self.under_way = Counter[str]()
        """How many of a caller's requests are counted, but may still be given back."""
        self.waiting = Counter[str]()
        """How many wait for one of those."""

    def take(self, actor: str) -> Allowance:
        """Count one request, and return whether it is granted."""
        now = time.time()
        # If the end is more than a window away, the clock was set back.
        if not now < self._until <= now + self._window_s:
            self._until, self._taken = now + self._window_s, Counter()
        self._taken[actor] += 1
        left = self._quota - self._taken[actor]
        left_s = math.ceil(self._until - now)
        return Allowance(self._policy, left >= 0, self._quota, self._window_s, max(0, left), left_s)

    def has_left(self, actor: str) -> bool:
        """Return whether one more request would be granted now."""
        now = time.time()
        is_open = now < self._until <= now + self._window_s
        return not is_open or self._taken[actor] < self._quota

    def give_back(self, actor: str) -> None:
        """Take back one count, for a request that turns out not to be limited."""
        self._taken[actor] -= 1


def client_address(request: Request) -> str:
    """Return the client's IP address; for IPv6, its /64 network."""
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
