"""Episodes of care: opened, changed and closed."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse, Response

from app.core.http.authorize import Authorize
from app.core.http.forms import LongForm
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.vocabularies import words_of
from app.episodes.schemas import EpisodeBody
from app.episodes.service import EPISODES
from app.episodes.views import EpisodeSide, EpisodeStatus
from app.patients.service import PATIENTS
from app.records.queries import record_for_answer
from app.records.service import create_one, patch
from app.vocabularies.queries import Words, rows_of
from app.vocabularies.rules import VocabularyName
from app.web.console import access, pages
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.writing.fields import Field, Read, changed, texts
from app.web.console.writing.people import chart_of, choices
from app.web.console.writing.sheets import Section, Sheet, show, take

PATIENTS_AT: Final = f"{pages.HOME}/patients"
EPISODES_AT: Final = f"{pages.HOME}/episodes"
RED_FLAGS: Final = (
    *("night_pain", "unexplained_weight_loss", "history_of_cancer", "fever_or_feeling_unwell"),
    *("recent_infection", "weakened_immunity", "drug_injection", "significant_trauma"),
    *("osteoporosis", "long_term_corticosteroids", "saddle_numbness", "bladder_change"),
    *("bowel_change", "sexual_function_change", "weakness_that_grows", "numbness_that_spreads"),
    *("sudden_severe_headache", "chest_pain", "breathlessness"),
)
"""What the form asks for. Most are of the framework of Finucane and others (2020), JOSPT 50(7),
for serious conditions of the spine; the record takes other words, too."""
Opening = Annotated[
    Operation,
    Depends(Authorize(Scope.EPISODES_WRITE, Scope.PATIENTS_READ, identify=by_cookie)),
]
Changing = Annotated[
    Operation,
    Depends(
        Authorize(
            Scope.EPISODES_WRITE, Scope.EPISODES_READ, Scope.PATIENTS_READ, identify=by_cookie
        )
    ),
]
router = APIRouter(prefix=pages.HOME, include_in_schema=False, route_class=Route)


def words_to_choose(op: Operation, noun: VocabularyName) -> tuple[tuple[str, str], ...]:
    """Return the active rows of a vocabulary as choices of a field."""
    return tuple((row.code, row.name) for row in rows_of(noun, Words(op).active(noun)))


def _complaint(op: Operation) -> Section:
    return Section(
        "The complaint",
        (
            Field("complaint", "What they come for, in words", "text", required=True),
            Field("region", "Body region", "choice", words_to_choose(op, "regions")),
            Field("side", "Side", "choice", choices(words_of(EpisodeSide))),
            Field("onset_on", "It began on", "day"),
            Field("opened_at", "Opened", "moment", hint="Empty: now."),
            Field("goals", "Goals, one a line", "lines"),
            Field("plan.sessions", "Planned sessions", "number"),
            Field("plan.per_week", "Sessions a week", "number"),
            Field("medical_screen_on", "Medical screen on", "day"),
            Field(
                *("red_flags", "Red flags that were found", "codes", choices(RED_FLAGS)),
                others="Other red flags, with commas",
            ),
        ),
    )


CLOSING: Final = Section(
    "Its end",
    (
        Field("status", "Status", "choice", choices(words_of(EpisodeStatus))),
        Field("closed_at", "Ended", "moment", hint="Needed for a finished episode."),
        Field("close_reason", "Why it ended", "text"),
    ),
)


@router.get("/patients/{patient_id:uuid}/episodes/new", operation_id="console.new-episode")
def new_episode(op: Opening, patient_id: UUID) -> HTMLResponse:
    """Show the form for a new episode."""
    return show(op, _new(op, patient_id), {})


@router.post("/patients/{patient_id:uuid}/episodes/new", operation_id="console.create-episode")
def create_episode(op: Opening, patient_id: UUID, form: LongForm) -> Response:
    """Open an episode of care."""

    def work(read: Read) -> str:
        body = access.body_of(EpisodeBody, {**read.members, "patient_id": patient_id})
        create_one(op, EPISODES, body)
        return chart_of(op, patient_id)

    return take(op, _new(op, patient_id), form, work)


def _new(op: Operation, patient_id: UUID) -> Sheet:
    person: Mapping[str, Any] = plain(record_for_answer(op, PATIENTS, patient_id))
    return Sheet(
        "New episode",
        f"{PATIENTS_AT}/{patient_id}/episodes/new",
        [_complaint(op)],
        "Open the episode",
        chart_of(op, patient_id),
        patient=person,
    )


@router.get("/episodes/{id:uuid}/edit", operation_id="console.edit-episode")
def edit_episode(op: Changing, id: UUID) -> HTMLResponse:
    """Show the form for an episode: also to close it."""
    sheet = _edit(op, id)
    return show(op, sheet, sheet.stored)


@router.post("/episodes/{id:uuid}/edit", operation_id="console.change-episode")
def change_episode(op: Changing, id: UUID, form: LongForm) -> Response:
    """Change an episode, or close it."""
    sheet = _edit(op, id)

    def work(read: Read) -> str:
        patch(op, EPISODES, id, changed(sheet.fields, form, sheet.stored, read))
        return sheet.back

    return take(op, sheet, form, work)


def _edit(op: Operation, id: UUID) -> Sheet:
    episode: Mapping[str, Any] = plain(record_for_answer(op, EPISODES, id))
    patient_id = UUID(episode["patient_id"])
    sheet = Sheet(
        "Edit the episode",
        f"{EPISODES_AT}/{id}/edit",
        [_complaint(op), CLOSING],
        "Store the changes",
        chart_of(op, patient_id),
        patient=plain(record_for_answer(op, PATIENTS, patient_id)),
        noun=EPISODES.noun,
        record_id=id,
        version=episode["version"],
    )
    return sheet._replace(stored=texts(sheet.fields, episode, op.zone))
