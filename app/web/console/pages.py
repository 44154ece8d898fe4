"""How a page is written: templates of this package, and headers that let a browser do little."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import RedirectResponse, Response

from app.core.http.requests import request_id
from app.core.values.problems import Problem, Unauthenticated
from app.progress.queries import code_names
from app.progress.rules.picture import label
from app.progress.rules.wording import RELEASES, VERDICTS, number, p_value, per_week, signed

HOME: Final = "/console"
HTML: Final = "text/html"
HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    # Without the sender's address a browser says nothing of where a form came from either.
    "Referrer-Policy": "same-origin",
}


def _day(at: str) -> str:
    return at[:10]


def _time(at: str) -> str:
    return at[:16].replace("T", " ")


def _words(code: str) -> str:
    return code.replace("_", " ")


_NAMES: Final = code_names()
_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(
    day=_day,
    time=_time,
    number=number,
    signed=signed,
    rate=per_week,
    chance=p_value,
    words=_words,
    verdict=VERDICTS.__getitem__,
    release=RELEASES.__getitem__,
    instrument=lambda code: _NAMES.scale(code).name,
    muscle=_NAMES.muscle,
    whose=lambda measure: label(measure, _NAMES),
)


def written(name: str, **shown: Any) -> bytes:
    """A page: its template, and what it shows."""
    return _ENVIRONMENT.get_template(name).render(home=HOME, **shown).encode()


def answered(name: str, status: int = 200, **shown: Any) -> Response:
    """The answer that is a page."""
    return Response(written(name, **shown), status, HEADERS, HTML)


def led(to: str) -> Response:
    """The answer that leads a browser on, after a form."""
    return RedirectResponse(to, 303, {**HEADERS})


def sign_in(request: Request, status: int, fault: str | None = None, to: str = HOME) -> Response:
    """The page on which somebody signs in, and is led on from."""
    has_owner = request.app.state.database.is_sqlite
    return answered("sign_in.html", status, has_owner=has_owner, fault=fault, to=to, who=None)


def problem(request: Request, problem: Problem) -> Response:
    """A problem as people read it; who isn't signed in gets the page to do so."""
    if isinstance(problem, Unauthenticated):
        asked = request.method == "GET"
        answer = sign_in(request, int(problem.status), to=request.url.path if asked else HOME)
    else:
        answer = answered(
            "problem.html",
            int(problem.status),
            title=problem.title,
            detail=problem.detail,
            errors=problem.members.get("errors", ()),
            request_id=request_id(),
            who=None,
        )
    answer.headers.update(problem.headers)
    return answer
