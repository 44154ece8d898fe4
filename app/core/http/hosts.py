"""Known hosts: with a public address, the server answers for that host alone."""

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.http.requests import request_id
from app.core.values.problems import UnknownHost
from app.settings import settings

FOR_MACHINES: Final = frozenset({"/healthz", "/readyz"})
"""What a machine asks by an address of its own."""
METRICS: Final = "/metrics"


class KnownHosts:
    """Refuse a request for another host than that of `public_url`.

    Otherwise a page of a stranger, whose name leads to this server, could use it as its own.
    """

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self.app = app
        self._host = host_in(urlsplit(public_url).netloc)
        # A key guards it, so a scraper may ask by any address.
        self._open = FOR_MACHINES | ({METRICS} if settings().metrics_key else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        is_known = (
            scope["type"] != "http"
            or scope["path"] in self._open
            or host_in(Headers(scope=scope).get("host", "")) == self._host
        )
        await (self.app if is_known else UnknownHost().response(request_id()))(scope, receive, send)


def host_in(authority: str) -> str | None:
    """Return the host of an authority such as `needlework.example:8000`, in small letters."""
    try:
        return (urlsplit(f"//{authority}").hostname or "").removesuffix(".") or None
    except ValueError:
        return None
