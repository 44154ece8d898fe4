"""Outgoing requests: JSON from or to an address that a client has given.

Such an address could name a service that only this machine can reach (server-side request
forgery). So the host is resolved once, and all of its IP addresses must be public. The connection
uses one of the checked addresses, so a DNS answer that changes later (rebinding) has no effect.
Only the ports of the settings may be reached, because other services listen on other ports.
"""

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final, NamedTuple
from urllib.parse import SplitResult, urlencode, urlsplit

from anyio import CapacityLimiter, fail_after, to_thread

from app.core.values.faults import RuleBroken
from app.core.values.problems import Invalid
from app.core.values.wire import decode
from app.settings import settings

BODY_MAX_BYTES: Final = 64 * 1024
TIMEOUT_S: Final = 3.0
POST_TIMEOUT_S: Final = 15.0
SAID_MAX_BYTES: Final = 512
"""How long the body of an answer to a post may be. A longer one isn't read."""
CACHE_S: Final = 300.0
"""How long a fetched answer may be used."""
REFETCH_S: Final = 60.0
"""The shortest time between two fetches of one address."""
FAILED_REFETCH_S: Final = 5.0
KNOWN_MAX: Final = 1_000
OK: Final = 200
HTTPS_PORT: Final = 443
# Python 3.11's `is_global` lacks some of these, and takes others for global. The source is IANA's
# registries of special-purpose addresses, and those of multicast and deprecated addresses.
SPECIAL: Final = tuple(
    map(
        ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
            *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24"),
            *("192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24"),
            *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
            # 2001::/23 has Teredo, benchmarking, ORCHID and AS112; 2002::/16 is 6to4.
            *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
        ),
    )
)
GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
"""The only IPv6 addresses that are assigned to hosts on the Internet (RFC 4291 §2.4)."""
PRIVATE: Final = "Give an address of the Internet, not one of this machine or a private network."
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
"""The last part of a host that is an IPv4 address, by the URL standard (ends-in-a-number)."""
# Separate threads, so that a slow host delays only the requests that need it.
_THREADS: Final = CapacityLimiter(4)

Address = IPv4Address | IPv6Address


class Unreachable(Exception):
    """The address gave no answer, or no JSON. `reason` says why, and quotes nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Sent(NamedTuple):
    """A form that is posted, and the headers that go with it."""

    form: Mapping[str, str]
    headers: Mapping[str, str]


class Answered(NamedTuple):
    """The answer to a post."""

    status: int
    said: Any
    """The JSON of its body; None if it is no JSON, longer than `SAID_MAX_BYTES`, or incomplete."""


def check_address(url: str) -> None:
    """Raise `RuleBroken` unless this is an address that may be fetched, as far as it shows.

    A host's name may still lead to an address that is not public: `resolve_public` finds out.
    """
    host = str(_parsed(url).hostname).removesuffix(".")
    if _is_allowed_loopback(host):
        return
    name = host.rpartition(".")[2]
    is_literal = ":" in host or _NUMBER.fullmatch(name)
    if name == "localhost" or (is_literal and not _is_public_literal(host)):
        raise RuleBroken("private_address", PRIVATE)


def _is_public_literal(host: str) -> bool:
    """Return whether a host is written as a public IP address, in any spelling of one."""
    try:
        return is_public(ip_address(host if ":" in host else socket.inet_aton(host)))
    except (OSError, ValueError):
        return False


def _parsed(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), 0
    plain = url.isascii() and url.isprintable() and " " not in url and "#" not in url
    if not plain or not parts.hostname or "@" in parts.netloc or port == 0:
        raise RuleBroken("address", "Give an https address, without a name or a fragment in it.")
    if _is_allowed_loopback(parts.hostname) and parts.scheme in {"http", "https"}:
        return parts
    if parts.scheme != "https":
        raise RuleBroken("address", "Give an https address, without a name or a fragment in it.")
    if (HTTPS_PORT if port is None else port) not in settings().outgoing_ports:
        raise RuleBroken("port", "This server doesn't connect to this port.")
    return parts


def _is_allowed_loopback(host: str) -> bool:
    """Return whether this is a loopback address and the settings allow those."""
    try:
        return ip_address(host).is_loopback and settings().outgoing_to_loopback
    except ValueError:
        return False


def is_public(address: Address) -> bool:
    """Return whether an IP address is a host's on the Internet, and wraps no other address."""
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not any(address in network for network in SPECIAL)


def resolve_public(host: str, port: int) -> str:
    """Return the IP address to connect to. `Unreachable` unless all of the host's are public."""
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ip_address(str(each[4][0])) for each in answers]
    except (OSError, ValueError):
        raise Unreachable("no such host") from None
    if not addresses or not (all(map(is_public, addresses)) or _is_allowed_loopback(host)):
        raise Unreachable("no public address")
    return str(addresses[0])


class _CheckedConnection(http.client.HTTPConnection):
    """An HTTP connection to a checked IP address, with the host's name for TLS."""

    def __init__(self, parts: SplitResult, timeout_s: float) -> None:
        self.secure = parts.scheme == "https"
        self._timeout_s = timeout_s
        port = parts.port or (HTTPS_PORT if self.secure else 80)
        super().__init__(str(parts.hostname), port, timeout=timeout_s)
        # http.client clears `sock` when it passes it to a response that closes the connection.
        self._opened: socket.socket | None = None

    def connect(self) -> None:
        """Resolve the host once, and connect."""
        address = resolve_public(self.host, self.port)
        self.sock = self._opened = socket.create_connection((address, self.port), self._timeout_s)
        if self.secure:
            wrapped = ssl.create_default_context().wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock = self._opened = wrapped
            wrapped.do_handshake()

    def close(self) -> None:
        """Close the connection, and the socket that a response may hold."""
        super().close()
        if self._opened is not None:
            self._opened.close()

    def cut(self) -> None:
        """Shut the socket down from another thread, which ends any wait on it."""
        if self._opened is not None:
            with suppress(OSError):
                # Not TLS's own shutdown, which isn't safe from another thread.
                socket.socket.shutdown(self._opened, socket.SHUT_RDWR)


@contextmanager
def _connected(url: str, timeout_s: float) -> Iterator[tuple[_CheckedConnection, str]]:
    """Yield a connection, and the path to request. `Unreachable` if that fails or takes longer."""
    try:
        parts = _parsed(url)
    except RuleBroken:
        raise Unreachable("no such address") from None
    connection = _CheckedConnection(parts, timeout_s)
    # The socket's own timeout restarts with each byte.
    watchdog = threading.Timer(timeout_s, connection.cut)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield connection, parts._replace(scheme="", netloc="").geturl() or "/"
    except (OSError, http.client.HTTPException, ValueError):
        raise Unreachable("no answer") from None
    finally:
        watchdog.cancel()
        connection.close()


def fetch(url: str, sent: Sent | None = None) -> Any:
    """Return the JSON at this address, or the JSON that answers a form.

    Raises `Unreachable` if that fails or takes over `TIMEOUT_S`.
    """
    with _connected(url, TIMEOUT_S) as (connection, path):
        method, body, headers = _message(sent)
        connection.request(method, path, body, headers)
        with connection.getresponse() as answer:
            raw = answer.read(BODY_MAX_BYTES + 1) if answer.status == OK else None
    if raw is None:
        raise Unreachable("another status than 200")
    if len(raw) > BODY_MAX_BYTES:
        raise Unreachable("too much")
    try:
        return decode(raw)
    except Invalid:
        raise Unreachable("no JSON") from None


def _message(sent: Sent | None) -> tuple[str, str | None, dict[str, str]]:
    """Return the method, body and headers of a request."""
    headers = {"Accept": "application/json"}
    if sent is None:
        return "GET", None, headers
    media = {"Content-Type": "application/x-www-form-urlencoded"}
    return "POST", urlencode(sent.form), headers | media | dict(sent.headers)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answered:
    """Send JSON to this address, and return the answer.

    `Unreachable` if there is no status within `POST_TIMEOUT_S`. A redirection is not followed.
    """
    with _connected(url, POST_TIMEOUT_S) as (connection, path):
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        with connection.getresponse() as answer:
            return Answered(answer.status, _said(answer))


def _said(answer: http.client.HTTPResponse) -> Any:
    """Return the JSON of a short body, or None. The status counts without it."""
    try:
        raw = answer.read(SAID_MAX_BYTES + 1)
        return decode(raw) if len(raw) <= SAID_MAX_BYTES else None
    except (OSError, http.client.HTTPException, ValueError, Invalid):
        return None


class Outgoing:
    """Fetch JSON, and cache it for five minutes. Answers to forms are not cached."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Any, float]] = {}
        self._fetch_again_at: dict[str, float] = {}

    async def json(self, url: str, good: Callable[[Any], bool] = lambda _: True) -> Any:
        """Return the JSON at this address.

        If the cached value isn't `good`, it is fetched again, at most once a minute. Raises
        `Unreachable` if there is neither a cached nor a fetched value.
        """
        value, until = self._known.get(url, (None, 0.0))
        is_cached = time.monotonic() < until
        if not (is_cached and good(value)) and self._may_fetch(url):
            try:
                value, is_cached = await self._fetch(url), True
            except Unreachable:
                self._fetch_again_at[url] = time.monotonic() + FAILED_REFETCH_S
        if not is_cached:
            raise Unreachable("no answer")
        return value

    async def answer_to(self, url: str, sent: Sent) -> Any:
        """Post a form once, and return the JSON that answers it. Raises `Unreachable`."""
        return await _in_time(partial(fetch, url, sent))

    async def _fetch(self, url: str) -> Any:
        value = await _in_time(partial(fetch, url))
        self._known[url] = (value, time.monotonic() + CACHE_S)
        return value

    def _may_fetch(self, url: str) -> bool:
        """Return whether this address may be fetched now; if so, not again for `REFETCH_S`."""
        at = time.monotonic()
        if at < self._fetch_again_at.get(url, 0.0):
            return False
        if len(self._fetch_again_at) >= KNOWN_MAX:
            self._fetch_again_at.clear()
            self._known.clear()
        self._fetch_again_at[url] = at + REFETCH_S
        return True


async def _in_time(work: Callable[[], Any]) -> Any:
    """Run a request in a thread of its own. `Unreachable` if it takes over `TIMEOUT_S`."""
    try:
        with fail_after(TIMEOUT_S):
            return await to_thread.run_sync(work, abandon_on_cancel=True, limiter=_THREADS)
    except TimeoutError:
        raise Unreachable("no answer in time") from None
