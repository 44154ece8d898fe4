"""What to know before a patient is needled: refusals, red flags, screenings, serious events."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam

from app.core.operation import Operation
from app.core.values.access import Scope
from app.episodes.schemas import EpisodeFilters
from app.episodes.service import EPISODES
from app.episodes.views import EpisodeView
from app.progress.queries import code_names
from app.records.queries import records
from app.safety import queries as safety
from app.safety.models import Consent
from app.safety.rules import (
    Standing,
    contradictions,
    standing_answers,
    standing_events,
    standing_refusals,
)
from app.safety.service import CONSENTS
from app.safety.views import AdverseEventView
from app.vocabularies.queries import Words
from app.vocabularies.rules import VocabularyName
from app.web.console.chart import plain

EPISODES_MAX: Final = 200
_CONSENTS = CONSENTS.select.where(Consent.patient_id == bindparam("patient_id"))


class Heed(NamedTuple):
    """What to know before a patient is needled, as far as the client may read it."""

    refusals: list[dict[str, Any]]
    """Consents that the patient refused or withdrew, and decided nothing else since."""
    red_flags: list[EpisodeView]
    """The red flags of the episodes that are open."""
    answers: list[dict[str, Any]]
    """What screenings answered with yes, or with unknown, and no later one took back."""
    events: list[dict[str, Any]]
    """Serious and significant adverse events and fainting, of a year."""
    contradicted: list[dict[str, Any]]
    """The last answers `no` of screenings that a recorded event contradicts."""


def heed(op: Operation, patient_id: UUID) -> Heed:
    """Return what to know before a patient is needled."""
    may, words = op.caller.may, Words(op, inactive=True)
    screened = safety.screenings(op, patient_id) if may(Scope.SCREENINGS_READ) else []
    events = safety.events(op, patient_id) if may(Scope.ADVERSE_EVENTS_READ) else []
    return Heed(
        list(_refusals(op, patient_id)) if may(Scope.CONSENTS_READ) else [],
        list(_red_flags(op, patient_id)) if may(Scope.EPISODES_READ) else [],
        [_answer(one, words) for one in standing_answers(screened)],
        [told(each, words) for each in standing_events(events, op.at)],
        [
            _answer(one, words) | {"event": told(event, words)}
            for one, event in contradictions(screened, events)
        ],
    )


def told(event: AdverseEventView, words: Words) -> dict[str, Any]:
    """Return an adverse event as JSON, with the name of its kind and where it was."""
    muscle = event["muscle"] and code_names().muscle(event["muscle"])
    shown: dict[str, Any] = plain(event)
    return shown | {
        "name": name_of(words, "event_kinds", event["kind"]),
        "where": ", ".join(filter(None, (muscle, event["side"]))),
    }


def name_of(words: Words, noun: VocabularyName, code: str) -> str:
    """Return the name of a row of a vocabulary; an unknown code as words."""
    row = words.row(noun, code)
    return code.replace("_", " ") if row is None else row.name


def _refusals(op: Operation, patient_id: UUID) -> Iterator[dict[str, Any]]:
    found = op.all(_CONSENTS, patient_id=patient_id)
    for consent in standing_refusals(map(CONSENTS.view_of, found)):
        at = plain(consent["withdrawn_at"] or consent["obtained_at"])
        yield {"kind": consent["kind"], "decision": consent["decision"], "at": at}


def _red_flags(op: Operation, patient_id: UUID) -> Iterator[EpisodeView]:
    filters = EpisodeFilters(patient_id=patient_id, status="active", limit=EPISODES_MAX)
    for episode in records(op, EPISODES, filters)[0]:
        if episode["red_flags"]:
            yield episode


def _answer(one: Standing, words: Words) -> dict[str, Any]:
    return {
        "name": name_of(words, "contraindications", one.said["code"]),
        "answer": one.said["answer"],
        "detail": one.said["detail"],
        "at": plain(one.at),
        "decision": one.decision,
        "reason": one.reason,
    }
