"""`/r/{token}`: the page behind a patient's link.

The token proves everything: there is no cookie and no sign-in. So these routes are not of class
`Route`, which authorizes a client. They find the clinic by the token, as for a credential.
"""

from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.asks.service.states import GRACE, TAKES, LinkState
from app.core.http.causes import log_cause
from app.core.http.forms import FORM
from app.core.http.requests import check_media, whole_body
from app.core.values.clock import uuid7
from app.core.values.problems import Invalid, Unavailable
from app.web.patient import answers, pages, sending, wording
from app.web.patient.answers import Typed
from app.web.patient.looking import Look, looked, stranger
from app.web.patient.pages import Around

ROOT: Final = "/r"
STATUS: Final[dict[LinkState, int]] = {"unknown": 404, "expired": 410, "full": 409}
"""The status of a page in a state, if it isn't 200."""

router = APIRouter(prefix=ROOT, include_in_schema=False)


@router.get("/{token}", name="link.page")
async def page(request: Request, token: str) -> Response:
    """Show the form, or the state of the link. It changes nothing."""
    wanted = request.query_params.get("language")
    look = await looked(request, token, wanted)
    again = look.state == "answered" and "another" in request.query_params
    if look.state == "open" or again:
        return _form(token, look.around, Typed())
    return _state(token, look)


@router.post("/{token}", name="link.send")
async def send(request: Request, token: str) -> Response:
    """Store what the form holds. A form with a fault comes back with everything in it."""
    check_media(request, {FORM})
    typed = answers.typed(await whole_body(request))
    try:
        return await _sent(request, token, typed)
    except Unavailable as problem:
        log_cause(request, problem)
        around = stranger(typed.value("language")).around
        return _form(token, around, typed, 503, problem=wording.NOT_STORED)


@router.get("/{token}/stop", name="link.stop-page")
async def stop_page(request: Request, token: str) -> Response:
    """Ask whether the messages are to stop. It changes nothing: mail programs open links."""
    look = await looked(request, token, request.query_params.get("language"))
    if look.state == "stopped" or (look.state == "unknown" and not look.revoked):
        return _state(token, look)
    return pages.page("stop.html", look.around, action=_address(token))


@router.post("/{token}/stop", name="link.stop")
async def stop(request: Request, token: str) -> Response:
    """Stop the messages, whatever the form holds.

    Mail programs send a form of their own (RFC 8058).
    """
    language = _language_in(await whole_body(request))
    return _state(token, await sending.stopped(request, token, language))


async def _sent(request: Request, token: str, typed: Typed) -> Response:
    wanted = typed.value("language")
    if typed.value("reported_by") == answers.NOT_ME:
        red_flags = answers.red_flags_in(typed.values(answers.SEVERAL))
        warned = red_flags and await sending.warned(request, token, wanted, red_flags)
        ended = await sending.ended(request, token, wanted)
        return _danger(warned) if warned and warned.state != "unknown" else _state(token, ended)
    # The page shows the language that it was read in, if the clinic offers it.
    look = await looked(request, token, wanted, GRACE)
    if look.state == "unknown":
        return _state(token, look)
    try:
        body = answers.answer(typed)
    except Invalid as refused:
        return await _refused(request, token, typed, look, refused)
    tag = look.around.language.tag
    stored = await sending.answered(request, token, tag, body)
    if body.red_flags and stored.state != "unknown":
        return _danger(stored, stored=stored.state == "answered")
    return _state(token, stored)


async def _refused(
    request: Request, token: str, typed: Typed, look: Look, refused: Invalid
) -> Response:
    """Return the page about an answer with faults. Its red flags are not lost."""
    red_flags = answers.red_flags_in(typed.values(answers.SEVERAL))
    if red_flags:
        look = await sending.warned(request, token, typed.value("language"), red_flags)
    if look.state in TAKES:
        return _form(token, look.around, typed, 422, refused=refused)
    return _danger(look) if red_flags and look.state != "unknown" else _state(token, look)


def _danger(look: Look, *, stored: bool = False) -> Response:
    """Return the page that says what to do about a red flag, and whether the answer is stored."""
    return pages.page("danger.html", look.around, STATUS.get(look.state, 200), stored=stored)


def _form(
    token: str,
    around: Around,
    typed: Typed,
    status: int = 200,
    *,
    refused: Invalid | None = None,
    problem: str | None = None,
) -> Response:
    faults = answers.faults_by_field(answers.faults_of(refused) if refused else ())
    first = next((name for name, words in faults.items() if words), None)
    if refused and first is None:
        problem = wording.OTHER_FAULT
    in_danger = bool(answers.red_flags_in(typed.values(answers.SEVERAL)))
    shown: dict[str, Any] = {
        "action": _address(token),
        "submission": answers.submission_in(typed) or uuid7(),
        "typed": typed,
        "faults": faults,
        "first_fault": first,
        # The focus would scroll the words about danger away.
        "focus": None if in_danger else first,
        "warned": refused is not None,
        "problem": problem and pages.translated(around.language, problem),
        "in_danger": in_danger,
        "changes": wording.CHANGES,
        "red_flags": wording.RED_FLAGS,
        "who": wording.WHO,
    }
    return pages.page("form.html", around, status, **shown)


def _state(token: str, look: Look) -> Response:
    status = STATUS.get(look.state, 200)
    if look.state == "answered":
        more = look.answers_left > 0
        at, alarmed = _address(token), look.alarmed
        return pages.page("answered.html", look.around, action=at, more=more, alarmed=alarmed)
    due_at = look.due_at if look.state == "not_yet" else None
    return pages.state(look.state, look.around, status, due_at)


def _address(token: str) -> str:
    return f"{ROOT}/{token}"


def _language_in(raw: bytes) -> str | None:
    """Return the language in the page's own form; None in the form of a mail program."""
    try:
        return dict(parse_qsl(raw.decode(), max_num_fields=answers.FIELDS_MAX)).get("language")
    except ValueError:
        return None
