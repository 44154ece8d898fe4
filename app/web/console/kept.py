"""Keeps what a person typed into a form, when the form can't be accepted.

A form of the console says on which page it stands, who was signed in when it was shown, and for
which patient and version it is. If the sign-in has timed out, or the form doesn't fit any more, the
answer holds the form's fields in one hidden input. From there they come back into the form, to be
sent by the person. The server stores and logs nothing of them.

Only the person who typed a text sees it again, on the page that they may open anyhow.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import Request
from pydantic_core import to_json
from starlette.responses import Response
from starlette.types import Message, Scope

from app.core.http.forms import FORM, LONG_MAX
from app.core.http.requests import ApiRequest
from app.core.values.problems import Conflict, Invalid, TooLarge
from app.core.values.wire import decode
from app.web.console.once import FORM_ID

KEPT: Final = "needlework.kept"
"""The key of the ASGI scope that holds the `Kept` of a request."""
TEXT_MAX: Final = 200_000
"""Characters of a form that are kept."""
FIELDS_MAX: Final = LONG_MAX
ON_PAGE, WRITTEN_BY, PATIENT, VERSION = "on_page", "written_by", "patient_id", "version"
BEARINGS: Final = frozenset((ON_PAGE, WRITTEN_BY, PATIENT, VERSION, FORM_ID))
"""The hidden inputs of every form, which `forms.html` writes."""
PAGE: Final = re.compile(r"/console(/[a-z-]{1,40}|/[0-9a-f-]{36}){0,6}", re.ASCII)


class Kept(NamedTuple):
    """The fields of a form that was sent to `action`."""

    action: str
    fields: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The value of the hidden input."""
        return to_json([self.action, self.fields]).decode()

    @property
    def page(self) -> str:
        """The page on which the form stands."""
        return self.field(ON_PAGE)

    @property
    def written_by(self) -> str:
        """The id of the client that was signed in when the form was shown."""
        return self.field(WRITTEN_BY)

    @property
    def typed(self) -> list[tuple[str, str]]:
        """The fields that a person filled in."""
        return [(name, value) for name, value in self.fields if name not in BEARINGS and value]

    def field(self, name: str) -> str:
        """The first value of a field, or an empty text."""
        return next((value for key, value in self.fields if key == name), "")

    def value(self, action: str, name: str) -> str:
        """What a form that is sent to `action` holds in a field: an empty text if not this one."""
        return self.field(name) if action == self.action else ""


NOTHING: Final = Kept("", ())


ANOTHERS: Final = "form_of_another"
"""The member of a `Conflict` about a form that another person opened."""


def parse_kept(text: str) -> Kept | None:
    """What the hidden input holds; None if it isn't that."""
    try:
        action, fields = decode(text.encode())
        pairs = tuple((name, value) for name, value in fields)
    except (ValueError, TypeError, Invalid):
        return None
    if not all(isinstance(each, str) for each in (action, *(x for pair in pairs for x in pair))):
        return None
    return _usable(Kept(action, pairs))


def _usable(kept: Kept) -> Kept | None:
    """The same, if it comes from a page of the console and isn't too long."""
    good = all(map(PAGE.fullmatch, (kept.page, kept.action)))
    return kept if good and len(kept.text) <= TEXT_MAX else None


async def take(request: Request) -> None:
    """Keep the fields of a form that was sent, before it is known whether it is accepted.

    It is one that a `Route` takes. Forms with passwords go elsewhere, and are never kept.
    Raises `TooLarge` for more than can be kept, so that nobody is signed out of a long text.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not isinstance(request, ApiRequest) or request.method != "POST" or media != FORM:
        return
    try:
        raw = (await request.body()).decode()
        fields = parse_qsl(raw, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        return
    # The id of a form leads to what it makes, and the form that is shown again has another one.
    sent = Kept(request.url.path, tuple(pair for pair in fields if pair[0] != FORM_ID))
    if PAGE.fullmatch(sent.page) and len(sent.text) > TEXT_MAX:
        raise TooLarge
    request.scope[KEPT] = _usable(sent)


def carry(request: Request, form: Mapping[str, str]) -> None:
    """Carry on with what a form of the sign-in page, or of a page about a problem, holds."""
    request.scope[KEPT] = parse_kept(form.get("kept", ""))


def kept(request: Request) -> Kept | None:
    """What was typed into the form that this request is about; None if there is none."""
    found: Kept | None = request.scope.get(KEPT)
    return found


def returning(request: Request) -> Kept | None:
    """What comes back into the form on a page; None on every other page."""
    return kept(request) if request.method == "GET" else None


def check_author(form: Mapping[str, str], client_id: UUID | None) -> None:
    """Raise `Conflict` unless the person who is signed in opened the form."""
    if form.get(WRITTEN_BY) != str(client_id):
        detail = "Somebody else opened this form, and you are signed in now. Nothing was stored."
        raise Conflict(detail, **{ANOTHERS: True})


def check_patient(form: Mapping[str, str], patient_id: UUID | None) -> None:
    """Raise `Conflict` unless the form was opened for this patient.

    `patient_id` is None for what belongs to no patient.
    """
    if form.get(PATIENT, "") != str(patient_id or ""):
        raise Conflict(
            "This form was opened for another patient. Nothing was stored. Look at whose chart is"
            " open in each tab, and send the text from the right one."
        )


async def show(request: Request, kept: Kept, cookies: str | None = None) -> Response:
    """Show the page on which a form stands, with its fields filled in.

    It is the page's own route that answers, with its checks and its ledger entries. `cookies`
    replaces the cookies of the request.
    """
    headers = [
        (name, value)
        for name, value in request.scope["headers"]
        if not name.startswith(b"content-") and (cookies is None or name != b"cookie")
    ]
    if cookies is not None:
        headers.append((b"cookie", cookies.encode()))
    inner = {
        **request.scope,
        "method": "GET",
        "path": kept.page,
        "raw_path": kept.page.encode(),
        "query_string": b"",
        "headers": headers,
        KEPT: kept,
    }
    return await _answer(request, inner)


async def _answer(request: Request, scope: Scope) -> Response:
    parts: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        parts.append(message)

    await request.app.router(scope, receive, send)
    answer = Response(b"".join(part.get("body", b"") for part in parts), parts[0]["status"])
    answer.raw_headers = list(parts[0]["headers"])
    return answer
