"""The page about a problem: with the bar for whoever is signed in, and with what they typed."""

import asyncio
import re
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from starlette.responses import Response

from app.auth.rules import Key
from app.core.db.database import Database
from app.core.http.requests import request_id
from app.core.operation import Operation
from app.core.values.access import Caller
from app.core.values.problems import Problem, Unauthenticated, Unavailable
from app.web.console import pages
from app.web.console.browsers import browsing, key_of
from app.web.console.framing import around
from app.web.console.kept import ANOTHERS, kept
from app.web.console.wording import words_for

_ABOUT: Final = re.compile(
    rf"{pages.HOME}/(sessions|patients)/[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}(?=/)"
)


ENDED: Final = (
    "You are not signed in any more. Nobody did anything for a while, you signed out in another"
    " window, or somebody ended this sign-in or your account."
)
"""What a browser reads that was signed in."""


async def page_about(request: Request, problem: Problem) -> Response:
    """The page about a problem; for `Unauthenticated` it is the sign-in page.

    What was typed into a form goes along. A page shows it to the person who typed it.
    """
    typed = kept(request)
    is_anothers = ANOTHERS in problem.members
    if isinstance(problem, Unauthenticated) or is_anothers:
        to = request.url.path if request.method == "GET" else typed.page if typed else pages.HOME
        fault = problem.detail if is_anothers else ENDED if key_of(request) is not None else None
        answer = pages.sign_in(int(problem.status), pages.SignIn.on(request, to), fault)
    else:
        bar = await asyncio.to_thread(_bar, request)
        signed_in = bar["who"]
        is_mine = typed and signed_in and typed.written_by == str(signed_in.client_id)
        said = words_for(problem)
        answer = pages.page_response(
            "problem.html",
            int(problem.status),
            title=said.title,
            detail=said.detail,
            errors=problem.members.get("errors", ()),
            request_id=request_id(),
            # A page never has what somebody else typed, not even where it isn't shown.
            near=_near(request.url.path)
            if signed_in and problem.status != HTTPStatus.NOT_FOUND
            else None,
            kept=typed if is_mine or signed_in is None else None,
            typed=typed.typed if typed and is_mine else (),
            **bar,
        )
    answer.headers.update(problem.headers)
    return answer


def _near(path: str) -> tuple[str, str] | None:
    """Return the page of the session or the patient that a path is about, and its name."""
    found = _ABOUT.match(path)
    return found and (found[0], "Session" if found[1] == "sessions" else "Chart")


def _bar(request: Request) -> dict[str, Any]:
    """Return what every page has around its content, as far as the database answers.

    A page that doesn't exist has no operation, so this looks the browser up by itself.
    """
    key, database = key_of(request), request.app.state.database
    try:
        return {"who": None} if key is None else _looked_up(database, key)
    except Unavailable:
        return {"who": None}


def _looked_up(database: Database, key: Key) -> dict[str, Any]:
    found = browsing(database, key)
    if found is None or found.who is None or not isinstance(found.caller, Caller):
        return {"who": None}
    op = Operation("console.problem", found.caller, request_id())
    with database.reading(found.caller.clinic_id) as db:
        op.begin(db)
        return around(op, found.who)
