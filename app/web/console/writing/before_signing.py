"""What a signer looks at first: what a visit lacks, and what speaks for caution."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.clock import clinic_day
from app.muscles.queries import find
from app.records.queries import records
from app.safety.schemas import ScreeningFilters
from app.safety.service import SCREENINGS
from app.signing import queries
from app.signing.rules import Visit, last_decisions, places
from app.web.console import pages
from app.web.console.heed import Heed, heed
from app.web.console.visits import open_episodes
from app.web.console.wording import consent_words


class Notice(NamedTuple):
    """A sentence on the page of a signature, and the page that helps."""

    words: str
    page: str = ""
    """Its path; empty for those who may not open it."""
    link: str = ""
    is_grave: bool = False
    """Whether a person has to confirm that they sign in spite of it."""


def notices(op: Operation, session: Any) -> list[Notice]:
    """Return what a signer should have seen. Nothing of it refuses a signature.

    What the person may not read isn't told.
    """
    if session["attendance"] != "attended":
        return []
    found = heed(op, session["patient_id"])
    return [
        *_consents(op, session),
        *_screening(op, session),
        *_answers(op, found),
        *_episode(op, session),
        *_red_flags(op, found, session["episode_id"]),
    ]


def cautions(op: Operation, patient_id: UUID) -> list[Notice]:
    """Return what the form of a session says first. It is what the chart says before needling."""
    found = heed(op, patient_id)
    return [
        *(_refusal(op, one) for one in found.refusals),
        *_red_flags(op, found, None),
        *_answers(op, found),
        *(_event(op, one) for one in found.events),
    ]


def _refusal(op: Operation, one: dict[str, Any]) -> Notice:
    kind = consent_words(one["kind"])
    return Notice(f"Consent to {kind}: {one['decision']}, {_day(op, one['at'])}.")


def _event(op: Operation, one: dict[str, Any]) -> Notice:
    where = f" ({one['where']})" if one["where"] else ""
    what = (
        f"{one['severity'].capitalize()} {'close call' if one['close_call'] else 'adverse event'}"
    )
    return Notice(f"{what} of {_day(op, one['occurred_at'])}: {one['name']}{where}.")


def _answers(op: Operation, found: Heed) -> Iterator[Notice]:
    for one in found.answers:
        detail = f" ({one['detail']})" if one["detail"] else ""
        words = f"Screening of {_day(op, one['at'])}: {one['name']}: {one['answer']}{detail}."
        yield Notice(words)
    for one in found.contradicted:
        event = f"{one['event']['name']}, {_day(op, one['event']['occurred_at'])}"
        words = f"{one['name']}: no, although it is recorded: {event}."
        yield Notice(f"Screening of {_day(op, one['at'])}: {words}")


def _day(op: Operation, at: str) -> date:
    return datetime.fromisoformat(at).astimezone(op.zone).date()


def _consents(op: Operation, session: Any) -> Iterator[Notice]:
    if not op.caller.may(Scope.CONSENTS_READ) or not session["needlings"]:
        return
    at, patient_id = session["occurred_at"], session["patient_id"]
    visit = Visit(at, clinic_day(at, op.zone), session["episode_id"])
    decided = last_decisions(queries.consents(op, patient_id), visit)
    may = op.caller.may(Scope.CONSENTS_WRITE)
    page = f"{pages.HOME}/patients/{patient_id}/consents/new" if may else ""
    for kind, needed in places(session["needlings"], _thoracic(session)).items():
        if needed and kind not in decided:
            words = f"No consent to {consent_words(kind)} is recorded that counts at this visit."
            yield Notice(words, page, "Record it", is_grave=True)


def _thoracic(session: Any) -> set[str]:
    muscles = (find(one["muscle"]) for one in session["needlings"])
    return {muscle.slug for muscle in muscles if muscle is not None and muscle.thoracic_risk}


def _screening(op: Operation, session: Any) -> Iterator[Notice]:
    if not op.caller.may(Scope.SCREENINGS_READ):
        return
    found = records(op, SCREENINGS, ScreeningFilters(session_id=session["id"]))[0]
    may = op.caller.may(Scope.SCREENINGS_WRITE)
    page = f"{pages.HOME}/sessions/{session['id']}/screenings/new" if may else ""
    if not found:
        needled = bool(session["needlings"])
        words = "No screening of this visit is recorded."
        yield Notice(words, page, "Screen now", is_grave=needled)
        return
    last = max(found, key=lambda one: (one["decided_at"], one["id"]))
    if last["decision"] == "deferred" and session["needlings"]:
        day = last["decided_at"].astimezone(op.zone).date()
        words = f"The screening of {day} decided to defer needling, and this session has needles."
        yield Notice(words, page, "Screen again", is_grave=True)


def _episode(op: Operation, session: Any) -> Iterator[Notice]:
    under_way = open_episodes(op, session["patient_id"])
    if under_way is None:
        return
    if session["episode_id"] is None:
        may = op.caller.may(Scope.SESSIONS_WRITE) and session["status"] == "draft"
        page = f"{pages.HOME}/sessions/{session['id']}/edit" if may else ""
        words = (
            "This visit belongs to no episode. Its values are not compared with those of an episode"
            " and it counts in no plan."
        )
        yield Notice(words, page if under_way else "", "Choose the episode")
        if not under_way and op.caller.may(Scope.EPISODES_WRITE):
            page = f"{pages.HOME}/patients/{session['patient_id']}/episodes/new"
            yield Notice("No episode of this patient is open.", page, "Open one")


def _red_flags(op: Operation, found: Heed, episode_id: UUID | None) -> Iterator[Notice]:
    for one in found.red_flags:
        if episode_id in {None, one["id"]}:
            flags = ", ".join(flag.replace("_", " ") for flag in one["red_flags"])
            may = op.caller.may(Scope.EPISODES_WRITE)
            page = f"{pages.HOME}/episodes/{one['id']}/edit" if may else ""
            words = f"Red flags of \u201c{one['complaint']}\u201d: {flags}."
            yield Notice(words, page, "See the episode")
