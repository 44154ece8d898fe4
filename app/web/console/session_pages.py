"""`/console/sessions/{id}`: one session whole; and who looked at a patient's chart."""

import re
from typing import Annotated, Final, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import HTMLResponse

from app.core.http.authorize import Authorize
from app.core.http.pages import Filters
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.clock import clinic_day
from app.languages.queries import NOTES, languages
from app.ledger import queries as ledger
from app.ledger.schemas import DisclosureView
from app.ledger.service import record_ledger_access
from app.notes.queries import language_of, note
from app.notes.rules.forms import plain as as_text
from app.patients.service import PATIENTS
from app.records.queries import record, record_for_answer
from app.sessions.service import SESSIONS, may_answer_for
from app.web.console import pages
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.correcting import of_visit
from app.web.console.framing import After, Further, framed
from app.web.console.versions import versions
from app.web.console.visits import ENGLISH
from app.web.console.who import LOOKED
from app.web.console.wording import LISTS, RELEASES, read_words, reason_words

LOOKS_AT_ONCE: Final = 100
TAG_MAX: Final = 35
VERSION_MAX: Final = 2**31 - 1
ID_END: Final = 12
"""The letters of an id that a copied text has. They are random, so they still tell it."""
_ID: Final = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_COMMAND_LINE: Final = "the command line"

router = APIRouter(prefix=pages.HOME, include_in_schema=False, route_class=Route)
Reading = Annotated[
    Operation, Depends(Authorize(Scope.SESSIONS_READ, Scope.PATIENTS_READ, identify=by_cookie))
]
Auditing = Annotated[Operation, Depends(Authorize(*LOOKED.scopes, identify=by_cookie))]


class Look(NamedTuple):
    """One read of a patient's data, as a page shows it."""

    at: str
    who: str
    what: str
    through: str | None
    """The account, device or program, where it has another name than who looked."""
    reason: str
    day: str
    """The day, on the clinic's clock."""
    times: int = 0
    """How often: the time is that of the last one."""


class Wanted(After):
    """Which note of a session a page shows."""

    version: Annotated[int, Field(ge=1, le=VERSION_MAX)] | None = None
    """The version whose note it is; without it, the newest."""
    language: Annotated[str, Field(max_length=TAG_MAX)] | None = None
    """The language of the note; without it, English."""


def _short(line: str) -> str:
    """Return a line with the ends of its ids, for a text that people copy elsewhere."""
    return _ID.sub(lambda found: found[0][-ID_END:], line)


@router.get("/sessions/{id:uuid}", operation_id="console.session")
def one_session(op: Reading, id: UUID, wanted: Annotated[Wanted, Query()]) -> HTMLResponse:
    """Show a session whole: its note, and its versions with who made them, when and why."""
    session = record(op, SESSIONS, id)
    language = language_of(wanted.language, [ENGLISH.tag])
    written = note(op, id, language, wanted.version)
    return framed(
        "session.html",
        op,
        patient=plain(record_for_answer(op, PATIENTS, session["patient_id"])),
        session=plain(session),
        answers=may_answer_for(op, session["practitioner_id"]),
        note=written,
        text=as_text(written._replace(foot=[_short(line) for line in written.foot])),
        language=language,
        languages=languages(NOTES),
        version=wanted.version,
        beside=of_visit(op, id),
        versions=versions(op, id),
    )


@router.get("/patients/{patient_id:uuid}/looked", operation_id="console.looked")
def looked(op: Auditing, patient_id: UUID, filters: Annotated[Further, Query()]) -> HTMLResponse:
    """Show who read a patient's data, newest first. It leaves an entry itself, as the API does."""
    person = plain(record_for_answer(op, PATIENTS, patient_id))
    wanted = Filters(limit=LOOKS_AT_ONCE, cursor=filters.cursor)
    found, cursor = ledger.disclosures(op, patient_id, wanted)
    record_ledger_access(op, patient_id)
    # One page or request may leave several entries about a patient.
    once = {each["request_id"]: each for each in reversed(found)}
    why = {each["request_id"]: each["reason"] for each in found if each["reason"] is not None}
    rows: dict[object, Look] = {}
    for each in found:
        if once[each["request_id"]] is each:
            look = _look(op, each, why.get(each["request_id"]))
            # A list shows a line of many patients: a day's lists of one person are one row.
            key = look._replace(at="") if each["operation"] in LISTS else each["number"]
            first = rows.setdefault((look.day, key), look)
            rows[look.day, key] = first._replace(times=first.times + 1)
    return framed("looked.html", op, patient=person, looks=list(rows.values()), cursor=cursor)


def _look(op: Operation, said: DisclosureView, reason: str | None) -> Look:
    who = said["actor_name"] or said["client_name"]
    if who is None:
        who = _COMMAND_LINE if said["actor"].startswith("cli:") else "somebody without a name"
    through = said["client_name"]
    is_refused = said["operation"] in RELEASES and reason is None
    return Look(
        plain(said["at"]),
        who,
        read_words(said["operation"]),
        None if through == who else through,
        "Refused: nothing was released" if is_refused else reason_words(reason),
        str(clinic_day(said["at"], op.zone)),
    )
