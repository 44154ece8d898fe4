"""The page about a problem of a patient's link. It needs no database."""

from fastapi import Request
from starlette.responses import Response

from app.core.http.requests import request_id
from app.core.values.problems import (
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    TooLarge,
    TooManyRequests,
    UnsupportedMedia,
)
from app.web.patient import pages
from app.web.patient.looking import stranger

STATES: dict[type[Problem], str] = {
    NotFound: "unknown",
    MethodNotAllowed: "unknown",
    TooManyRequests: "busy",
    MalformedRequest: "unreadable",
    TooLarge: "unreadable",
    UnsupportedMedia: "unreadable",
}
"""By problem, the state in `wording.STATES` that its page shows; `unavailable` for any other."""


async def page_about(request: Request, problem: Problem) -> Response:
    """Return the page about a problem; for an app, the problem itself."""
    if request.url.path.endswith(".json"):
        return problem.response(request_id())
    around = stranger(request.query_params.get("language")).around
    answer = pages.state(STATES.get(type(problem), "unavailable"), around, int(problem.status))
    answer.headers.update(problem.headers)
    return answer
