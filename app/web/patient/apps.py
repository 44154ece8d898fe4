"""`/r/{token}.json`: what the page does, for apps."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.asks.errors import LinkClosed
from app.core.http.answers import Answer, respond
from app.core.http.requests import JSON, check_media, whole_body
from app.core.values.problems import Invalid, NotFound
from app.core.values.wire import decode, read
from app.web.patient import answers, pages, sending, wording
from app.web.patient.answers import AnswerBody
from app.web.patient.looking import Look, looked
from app.web.patient.routes import ROOT

router = APIRouter(prefix=ROOT, include_in_schema=False)


@router.get("/{token}.json", name="link.read")
async def state(request: Request, token: str) -> Response:
    """Return what the link shows, and the words of the form. It changes nothing."""
    look = await looked(request, token, request.query_params.get("language"))
    return _told(request, look)


@router.post("/{token}.json", name="link.answer")
async def answer(request: Request, token: str) -> Response:
    """Store an answer: the members are the fields of the form."""
    check_media(request, {JSON})
    raw = await whole_body(request)
    members = decode(raw)
    wanted = request.query_params.get("language")
    if isinstance(members, dict) and members.get("reported_by") == answers.NOT_ME:
        red_flags = answers.red_flags_in(members.get(answers.SEVERAL))
        if red_flags:
            await sending.warned(request, token, wanted, red_flags)
        ended = await sending.ended(request, token, wanted)
        return _told(request, ended, in_danger=bool(red_flags))
    look = await looked(request, token, wanted)
    if look.state == "unknown":
        raise NotFound
    try:
        body = read(AnswerBody, raw)
    except Invalid as refused:
        said = members.get(answers.SEVERAL) if isinstance(members, dict) else None
        red_flags = answers.red_flags_in(said)
        if red_flags:
            await sending.warned(request, token, wanted, red_flags)
            refused.members["in_danger"] = True
        raise
    stored = await sending.answered(request, token, look.around.language.tag, body)
    if stored.state == "unknown":
        raise NotFound
    if stored.state != "answered":
        raise LinkClosed(state=stored.state, in_danger=bool(body.red_flags))
    return _told(request, stored, in_danger=bool(body.red_flags))


def _told(request: Request, look: Look, *, in_danger: bool = False) -> Response:
    if look.state == "unknown":
        raise NotFound
    around, language = look.around, look.around.language

    def words(texts: dict[str, str]) -> dict[str, str]:
        return {code: pages.translated(language, text) for code, text in texts.items()}

    told: dict[str, Any] = {
        "state": look.state,
        "in_danger": in_danger,
        "language": language._asdict(),
        "languages": [each._asdict() for each in around.languages],
        "visit_at": around.visit_at,
        "time_zone": None if around.zone is None else around.zone.key,
        "initial": around.initial,
        "phone": around.phone,
        "emergency_number": around.emergency_number,
        "due_at": look.due_at,
        "ends_at": look.ends_at,
        "answers_left": look.answers_left,
        "words": {
            "change": words({**wording.CHANGES}),
            "red_flags": words({**wording.RED_FLAGS}),
            "reported_by": words({**wording.WHO}),
        },
    }
    return respond(Answer(told), request)
