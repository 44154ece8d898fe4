"""The one way out: JSON from an address that somebody else has named.

Whoever names an address could mean a service that only this machine can reach. So the name is
resolved once, each of its addresses must be a public one, and the connection goes to one of those
that were checked: an answer that changes a moment later leads nowhere else.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from anyio import CapacityLimiter, fail_after, to_thread

from app.core.values.faults import RuleBroken
from app.core.values.problems import Invalid
from app.core.values.wire import decode
from app.settings import settings

BODY_MAX_BYTES: Final = 64 * 1024
TIMEOUT_S: Final = 3.0
KEPT_S: Final = 300.0
"""How long an answer is good for."""
AGAIN_S: Final = 60.0
"""How long to wait before an answer that is still good is asked for again."""
FAILED_AGAIN_S: Final = 5.0
KNOWN_MAX: Final = 1_000
OK: Final = 200
# IPv4 addresses in IPv6's clothes: a gateway would unpack them (RFC 6052, 8215).
TRANSLATED: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
# Their own threads, so that a slow stranger keeps no request waiting that doesn't ask for him.
_THREADS: Final = CapacityLimiter(4)

Address = IPv4Address | IPv6Address


class Unreachable(Exception):
    """There was no JSON to be had there; `reason` says why, and quotes nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check_address(url: str) -> None:
    """Raise `RuleBroken` unless this is an address that could be asked."""
    _parsed(url)


def _parsed(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), 0
    plain = url.isascii() and url.isprintable() and " " not in url and "#" not in url
    if not plain or not parts.hostname or "@" in parts.netloc or port == 0:
        raise RuleBroken("address", "Give an https address, without a name or a fragment in it.")
    if parts.scheme == "https" or (parts.scheme == "http" and _is_let_in(parts.hostname)):
        return parts
    raise RuleBroken("address", "Give an https address, without a name or a fragment in it.")


def _is_let_in(host: str) -> bool:
    """Whether this is the machine itself, which the settings may allow to be asked."""
    try:
        return ip_address(host).is_loopback and settings().outgoing_to_loopback
    except ValueError:
        return False


def is_public(address: Address) -> bool:
    """Whether an address is one of the open Internet, and looks like what it is."""
    if isinstance(address, IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour or address.teredo
        if wrapped or any(address in network for network in TRANSLATED):
            return False
    apart = address.is_multicast or address.is_reserved or address.is_unspecified
    near = address.is_private or address.is_loopback or address.is_link_local
    return address.is_global and not apart and not near


def resolved(host: str, port: int) -> str:
    """The one address to connect to; `Unreachable` if any that the name has isn't public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ip_address(str(each[4][0])) for each in found]
    except (OSError, ValueError):
        raise Unreachable("no such host") from None
    if not addresses or not (all(map(is_public, addresses)) or _is_let_in(host)):
        raise Unreachable("no public address")
    return str(addresses[0])


class _Direct(http.client.HTTPConnection):
    """A connection to an address that was checked, under the name that it was checked for."""

    def __init__(self, parts: SplitResult) -> None:
        self.secure = parts.scheme == "https"
        port = parts.port or (443 if self.secure else 80)
        super().__init__(str(parts.hostname), port, timeout=TIMEOUT_S)
        # `sock` is given away to an answer that ends with its connection.
        self._opened: socket.socket | None = None

    def connect(self) -> None:
        """Connect, with no second look at the name."""
        address = resolved(self.host, self.port)
        self.sock = self._opened = socket.create_connection((address, self.port), TIMEOUT_S)
        if self.secure:
            wrapped = ssl.create_default_context().wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock = self._opened = wrapped
            wrapped.do_handshake()

    def close(self) -> None:
        """Close it, and what was given away."""
        super().close()
        if self._opened is not None:
            self._opened.close()

    def cut(self) -> None:
        """End whatever is waited for, from another thread."""
        if self._opened is not None:
            with suppress(OSError):
                # Not TLS's own, which isn't made for another thread.
                socket.socket.shutdown(self._opened, socket.SHUT_RDWR)


def fetch(url: str) -> Any:
    """The JSON at this address; `Unreachable` if it can't be had within a few seconds."""
    try:
        parts = _parsed(url)
    except RuleBroken:
        raise Unreachable("no such address") from None
    connection = _Direct(parts)
    # A timeout of the socket begins anew with each byte.
    watchdog = threading.Timer(TIMEOUT_S, connection.cut)
    watchdog.daemon = True
    watchdog.start()
    try:
        path = parts._replace(scheme="", netloc="").geturl() or "/"
        connection.request("GET", path, headers={"Accept": "application/json"})
        with connection.getresponse() as answer:
            raw = answer.read(BODY_MAX_BYTES + 1) if answer.status == OK else None
    except (OSError, http.client.HTTPException, ValueError):
        raise Unreachable("no answer") from None
    finally:
        watchdog.cancel()
        connection.close()
    if raw is None:
        raise Unreachable("another status than 200")
    if len(raw) > BODY_MAX_BYTES:
        raise Unreachable("too much")
    try:
        return decode(raw)
    except Invalid:
        raise Unreachable("no JSON") from None


class Outgoing:
    """What was fetched, kept for five minutes."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Any, float]] = {}
        self._asked: dict[str, float] = {}

    async def json(self, url: str, good: Callable[[Any], bool] = lambda _: True) -> Any:
        """The JSON at this address; asked for again if it isn't `good`, once a minute at most.

        `Unreachable` if there is none.
        """
        found, until = self._known.get(url, (None, 0.0))
        held = time.monotonic() < until
        if not (held and good(found)) and self._may_ask(url):
            try:
                found, held = await self._fetched(url), True
            except Unreachable:
                self._asked[url] = time.monotonic() + FAILED_AGAIN_S
        if not held:
            raise Unreachable("no answer")
        return found

    async def _fetched(self, url: str) -> Any:
        try:
            with fail_after(TIMEOUT_S):
                found = await to_thread.run_sync(
                    fetch, url, abandon_on_cancel=True, limiter=_THREADS
                )
        except TimeoutError:
            raise Unreachable("no answer in time") from None
        self._known[url] = (found, time.monotonic() + KEPT_S)
        return found

    def _may_ask(self, url: str) -> bool:
        """Whether this address wasn't asked a moment ago; from now on it was."""
        at = time.monotonic()
        if at < self._asked.get(url, 0.0):
            return False
        if len(self._asked) >= KNOWN_MAX:
            self._asked.clear()
            self._known.clear()
        self._asked[url] = at + AGAIN_S
        return True
