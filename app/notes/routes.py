"""`/v1/sessions/{id}/note`."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from app.core.http.answers import kept
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.negotiation import best_media, wanted_languages
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotAcceptable, NotFound
from app.notes import queries
from app.notes.rules.forms import STYLE, NoteForm
from app.notes.schemas import NoteFilters

router = APIRouter(prefix="/v1/sessions", tags=["sessions"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.SESSIONS_READ))]
FORMS: Final[Mapping[str, NoteForm]] = {
    "text/plain; charset=utf-8": "plain",
    "text/markdown; charset=utf-8": "markdown",
    "text/html; charset=utf-8": "html",
}
"""The form for each media type; the first is that of a client without a preference."""
MEDIA: Final = tuple(FORMS)
_STYLED: Final = b64encode(sha256(STYLE.encode()).digest()).decode()
_POLICY: Final = f"default-src 'none'; style-src 'sha256-{_STYLED}'"
"""What a browser may load for a note in HTML: nothing but its own style."""


class Text(Response):
    """A note as text."""

    media_type = MEDIA[0]


@router.get(
    "/{id:uuid}/note",
    operation_id="sessions.note",
    response_class=Text,
    responses=documented(
        NotFound,
        NotAcceptable,
        headers=("Content-Language", "Vary"),
        media=MEDIA[1:],
        reusable=True,
    ),
)
def note(
    op: Reading, id: UUID, filters: Annotated[NoteFilters, Query()], request: Request
) -> Response:
    """Read a session as plain sentences, for another record system.

    `Accept` chooses plain text, Markdown or HTML; `language` or `Accept-Language` English or
    French. The head says whether the session is a draft, signed, amended or void. Follow-ups,
    consents and other records stand in it as far as the client may read them; else it says so.
    `version` asks for the note of an earlier version.
    """
    media = best_media(_header(request, "accept"), MEDIA)
    if media is None:
        raise NotAcceptable(media=[each.partition(";")[0] for each in MEDIA])
    wanted = wanted_languages(_header(request, "accept-language"))
    language = queries.language_of(filters.language, wanted)
    text = queries.text(op, id, language.tag, FORMS[media], filters.version)
    headers = {
        "Cache-Control": "no-store",
        "Content-Language": language.tag,
        "Vary": "Accept, Accept-Language",
    }
    if FORMS[media] == "html":
        headers["Content-Security-Policy"] = _POLICY
    return kept(request, text.encode(), media, headers)


def _header(request: Request, name: str) -> str:
    """Return a header of the request; its lines are one list."""
    return ", ".join(request.headers.getlist(name))
