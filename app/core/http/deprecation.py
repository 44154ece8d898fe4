"""Deprecated operations: how a route declares them, and how clients learn of it.

    @router.get(..., dependencies=[Depends(Deprecated(since, until, "Use `GET /v1/patients`."))])

docs/versioning.md tells clients about it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request
from fastapi.params import Depends

from app.core.http.requests import EXTRA_HEADERS, public_url

NOTICE: Final = timedelta(days=365)
"""How long a deprecated operation works at least."""
NAMES: Final = ("Deprecation", "Link", "Sunset")


class Deprecated:
    """A dependency of a deprecated operation, which adds its headers to every answer it leads to.

    It works since the day `since` as before, and until the day `until`, both in UTC. `instead` says
    what to use in its place. Raises `ValueError` if that is less than the `NOTICE`.
    """

    def __init__(self, since: date, until: date, instead: str) -> None:
        if until - since < NOTICE:
            raise ValueError(f"A deprecated operation works for {NOTICE.days} days at least.")
        self._since, self._until = (datetime.combine(day, time(), UTC) for day in (since, until))
        self.text = f"Deprecated since {since}, and gone after {until}. {instead}"

    async def __call__(self, request: Request) -> None:
        """Add `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and a link to the documentation."""
        route = request.scope["route"]
        place = "/".join(quote(part, safe="") for part in (route.tags[0], route.operation_id))
        path = request.url.path
        page = str(public_url(request).replace(query="", fragment="")).removesuffix(path)
        request.scope[EXTRA_HEADERS] |= {
            "Deprecation": f"@{int(self._since.timestamp())}",
            "Sunset": format_datetime(self._until, usegmt=True),
            "Link": f'<{page}/docs#/{place}>; rel="deprecation"; type="text/html"',
        }


def deprecation(dependencies: Sequence[Depends] | None) -> Deprecated | None:
    """Return what a route declares among its dependencies, or None."""
    for depends in dependencies or ():
        if isinstance(depends.dependency, Deprecated):
            return depends.dependency
    return None


def with_headers(responses: Mapping[int | str, dict[str, Any]]) -> None:
    """Add the headers of a deprecated operation to its documented answers of success."""
    for status, response in responses.items():
        if str(status).startswith("2"):
            for name in NAMES:
                response["headers"][name] = {"$ref": f"#/components/headers/{name}"}
