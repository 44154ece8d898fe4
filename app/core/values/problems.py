"""Problems (RFC 9457): every error that the API answers.

A problem is an exception. Its docstring is published as the explanation of its `type`.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Final

from pydantic_core import to_json
from starlette.responses import Response

from app.core.values import bounds
from app.core.values.faults import Fault


class Problem(Exception):
    """The server failed unexpectedly. Its log has more under the request id."""

    status: ClassVar[int] = HTTPStatus.INTERNAL_SERVER_ERROR
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "The server failed"

    def __init__(self, detail: str | None = None, **members: Any) -> None:
        super().__init__(self.code)
        self.detail = detail or self.meaning()
        self.members = members

    @classmethod
    def type(cls) -> str:
        """Return the `type` member: the address of the explanation."""
        return f"/problems/{cls.code}"

    @classmethod
    def meaning(cls) -> str:
        """Return the explanation for clients: the docstring."""
        return " ".join((cls.__doc__ or cls.title).split())

    headers: Mapping[str, str] = {}

    def content(self, request_id: str) -> dict[str, Any]:
        """Return the members of the problem document."""
        return {
            "type": self.type(),
            "title": self.title,
            "status": int(self.status),
            "detail": self.detail,
            "request_id": request_id,
            **self.members,
        }

    def response(self, request_id: str) -> Response:
        """Return the HTTP response with this problem."""
        return Response(
            to_json(self.content(request_id)),
            int(self.status),
            {"Cache-Control": "no-store", **self.headers},
            "application/problem+json",
        )


class MalformedRequest(Problem):
    """The request isn't valid HTTP, or isn't a request as this API expects it."""

    status, code, title = HTTPStatus.BAD_REQUEST, "malformed-request", "Malformed request"


class TooManyRequests(Problem):
    """You sent too many requests, and nothing was done. Try again after `Retry-After` seconds."""

    status, code, title = HTTPStatus.TOO_MANY_REQUESTS, "too-many-requests", "Too many requests"
    headers: Mapping[str, str] = {"Retry-After": "60"}

    def __init__(self, after_s: int) -> None:
        super().__init__()
        self.headers = {"Retry-After": str(after_s)}


class UnknownHost(Problem):
    """This server doesn't answer for the host in `Host`. Use its public address."""

    status, code, title = HTTPStatus.MISDIRECTED_REQUEST, "unknown-host", "Unknown host"


class Unauthenticated(Problem):
    """The request needs a valid bearer token."""

    status, code, title = HTTPStatus.UNAUTHORIZED, "unauthenticated", "Not authenticated"
    headers: Mapping[str, str] = {"WWW-Authenticate": 'Bearer realm="needlework"'}


class Forbidden(Problem):
    """The token is valid, but its scopes don't allow this operation."""

    status, code, title = HTTPStatus.FORBIDDEN, "forbidden", "Not within your scopes"
    denial: ClassVar[str] = "not allowed"
    """The reason in the ledger's entry of the attempt, where a route's function raises it."""

    def __init__(self, detail: str | None = None, *, scope: str | None = None) -> None:
        """`scope` is the one that is missing, if that is the reason."""
        super().__init__(detail)
        self.scope = scope


class NotFound(Problem):
    """There is nothing at this address in your clinic."""

    status, code, title = HTTPStatus.NOT_FOUND, "not-found", "Not found"


class MethodNotAllowed(Problem):
    """This address exists, but not for this method. `Allow` lists the methods that it takes."""

    status, code, title = HTTPStatus.METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed"

    def __init__(self, allowed: Iterable[str]) -> None:
        super().__init__()
        self.headers = {"Allow": ", ".join(sorted(allowed))}


class NotAcceptable(Problem):
    """The answer has none of the media types in `Accept`. `media` lists those that it has."""

    status, code, title = HTTPStatus.NOT_ACCEPTABLE, "not-acceptable", "No acceptable media type"


class Conflict(Problem):
    """The change contradicts what is stored."""

    status, code, title = HTTPStatus.CONFLICT, "conflict", "Conflict"


class IdTaken(Conflict):
    """A record with this id exists already. It was created with other content."""

    code, title = "id-taken", "Id is taken by another record"


class StillRunning(Conflict):
    """A request with the same Idempotency-Key is still running. Try again shortly."""

    code, title = "still-running", "The same request is still running"
    headers: Mapping[str, str] = {"Retry-After": "1"}


class VersionStale(Problem):
    """The record has changed since the version in If-Match. Read it again."""

    status, code, title = HTTPStatus.PRECONDITION_FAILED, "version-stale", "Version is stale"


class TooLarge(Problem):
    """The request body is larger than this operation allows."""

    status, code, title = (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too-large",
        "Request body is too large",
    )


class HeadTooLarge(Problem):
    """The request line and headers may have 64 KiB together. Send shorter ones."""

    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    code, title = "head-too-large", "Head of the request is too large"


class TooSlow(Problem):
    """The rest of the request didn't arrive in time. Send it again, on a new connection."""

    status, code, title = HTTPStatus.REQUEST_TIMEOUT, "too-slow", "Request arrived too slowly"

    def response(self, request_id: str) -> Response:
        """Return the HTTP response, which ends the connection."""
        response = super().response(request_id)
        response.headers["Connection"] = "close"
        return response


class UnsupportedMedia(Problem):
    """This operation doesn't take a body of this content type."""

    status, code, title = (
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media",
        "Unsupported content type",
    )


class Invalid(Problem):
    """The request was read, but its content isn't valid. `errors` lists every fault, up to 100.

    `more_errors` is true if there are more.
    """

    status, code, title = HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "The request is invalid"

    def __init__(self, faults: Iterable[Fault], place: str = "body") -> None:
        super().__init__(errors=[])
        self.about: dict[tuple[str, str], tuple[str, ...]] = {}
        """The codes that a fault names, by its code and detail: for pages, never in the answer."""
        self.add(faults, place)

    def add(self, faults: Iterable[Fault], place: str) -> None:
        """Add faults of a place of the request, as far as they are listed."""
        where = {} if place == "body" else {"in": place}
        faults = list(faults)
        self.about |= {(one.code, one.detail): one.about for one in faults if one.about}
        new = ({**fault.members(), **where} for fault in faults)
        listed = [*self.members["errors"], *new]
        self.members["errors"] = listed[: bounds.BODY_FAULTS_LISTED]
        if len(listed) > bounds.BODY_FAULTS_LISTED:
            self.members["more_errors"] = True

    def within(self, place: str) -> "Invalid":
        """Return the same problem, with all pointers below this one."""
        for error in self.members["errors"]:
            error["pointer"] = place + error["pointer"]
        return self

    def in_line(self, number: int) -> "Invalid":
        """Return the same problem, which says in what line of a file the faults are."""
        for error in self.members["errors"]:
            error["line"] = number
        return self


class KeyReused(Problem):
    """This Idempotency-Key was used before, for another request."""

    status, code, title = (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "key-reused",
        "Idempotency-Key belongs to another request",
    )


class VersionMissing(Problem):
    """A change must name the version that it changes. Send the record's ETag in If-Match, not *."""

    status, code, title = HTTPStatus.PRECONDITION_REQUIRED, "version-missing", "If-Match is missing"


class Unavailable(Problem):
    """The database can't be reached, or doesn't answer in time. Try again.

    A change may have been made all the same. With a client's own id or an Idempotency-Key, a
    second try doesn't make it twice.
    """

    status, code, title = HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "Try again shortly"
    headers: Mapping[str, str] = {"Retry-After": "1"}


class DatabaseReplaced(Unavailable):
    """The database's file was renamed, removed or replaced while the server runs.

    Nothing was written. Stop the server with SIGTERM. Put the file back, with its `-wal` file if
    there is one, or restore a backup. Then start the server again.
    """

    code, title = "database-replaced", "The database's file was replaced"
    headers: Mapping[str, str] = {}


class LedgerDamaged(Unavailable):
    """The clinic's ledger contradicts itself: somebody altered the database. Nothing was written.

    Stop the server, so that nobody writes. `python -m app doctor --deep` says what is wrong. Then
    restore a backup.
    """

    code, title = "ledger-damaged", "The ledger is damaged"
    headers: Mapping[str, str] = {}

    def __init__(self, finding: str = "") -> None:
        """`finding` is a sentence that says what is wrong. It must name nobody."""
        super().__init__(f"{finding} {self.meaning()}".strip())
        self.finding = finding or self.title + "."

    def __str__(self) -> str:
        return self.finding


class Unreadable(Unavailable):
    """A stored value can't be read: somebody changed it outside the program.

    `python -m app doctor --deep` says in which record. Put the value back, or restore a backup.
    """

    code, title = "unreadable-record", "A stored value can't be read"
    headers: Mapping[str, str] = {}


MALFORMED: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading or using a stored value raises that its column can't have, or its view."""


def catalogue() -> list[type[Problem]]:
    """Return all problem classes of the loaded program, sorted by code."""
    problems: dict[str, type[Problem]] = {}
    pending = [Problem]
    while pending:
        problem = pending.pop()
        problems[problem.code] = problem
        pending.extend(problem.__subclasses__())
    return [problems[code] for code in sorted(problems)]
