"""The cause of a 503, for the log: classes of errors, SQLSTATE and step, never any data."""

import traceback
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request

from app.core.http.logs import log
from app.core.http.requests import request_id
from app.core.values.problems import Problem

_OURS: Final = "app."
_CORE: Final = "app.core."


def log_cause(request: Request, problem: Problem) -> None:
    """Log why the server can't answer a request, if its problem is a 503."""
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        log.warning(
            "unavailable",
            operation=getattr(request.scope.get("route"), "name", "-"),
            problem=problem.code,
            request_id=request_id(),
            **cause_of(problem),
        )


def cause_of(problem: Problem) -> dict[str, Any]:
    """Return the cause of a problem.

    `error` names the classes of what was raised, the outermost first. `sqlstate` is PostgreSQL's
    code or the name of SQLite's. `step` is the function of ours in which it happened, and `bound`
    the bound that was reached.
    """
    chain = list(_chain(problem))
    raised = chain[1:] or chain
    found = {
        "error": ", ".join(type(each).__name__ for each in raised),
        "sqlstate": _first(chain, "sqlstate") or _first(chain, "sqlite_errorname"),
        "bound": _first(chain, "bound"),
        "step": _step(chain),
    }
    return {name: value for name, value in found.items() if value}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from, each once."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _first(chain: list[BaseException], name: str) -> str | None:
    values = (getattr(each, name, None) for each in chain)
    return next((value for value in values if isinstance(value, str)), None)


def _step(chain: list[BaseException]) -> str | None:
    """Return the innermost function of ours, one outside the core if there is one."""
    core: str | None = None
    for error in reversed(chain):
        for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
            module = str(frame.f_globals.get("__name__", ""))
            place = f"{module}.{frame.f_code.co_qualname}"
            if module.startswith(_OURS) and not module.startswith(_CORE):
                return place
            if module.startswith(_CORE):
                core = core or place
    return core
