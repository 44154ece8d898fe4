"""What a signer looks at first: what a visit lacks, and what speaks for caution."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
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
from app.web.console import correcting, pages
from app.web.console.visits import consents as decisions
from app.web.console.visits import open_episodes
from app.web.console.writing.courses import words_to_choose

SCREENED: Final = 100
"""So many screenings of a patient are looked at."""


class Notice(NamedTuple):
    """A sentence on the page of a signature, and the page that helps."""

    words: str
    page: str = ""
    """Its path; empty for those who may not open it."""
    link: str = ""


def notices(op: Operation, session: Any) -> list[Notice]:
    """Return what a signer should have seen. Nothing of it refuses a signature.

    What the person may not read isn't told.
    """
    if session["attendance"] != "attended":
        return []
    return [
        *_consents(op, session),
        *_screening(op, session),
        *_episode(op, session),
    ]


def cautions(op: Operation, patient_id: UUID, episode_id: UUID | None = None) -> list[Notice]:
    """Return what the form of a session says first: refusals, red flags, and what was screened.

    Without an episode, it tells of all that are open.
    """
    return [
        *_refusals(op, patient_id),
        *_red_flags(op, open_episodes(op, patient_id) or [], episode_id),
        *_screened(op, _newest(_screenings(op, patient_id))),
    ]


def _refusals(op: Operation, patient_id: UUID) -> Iterator[Notice]:
    for one in decisions(op, patient_id, open_episodes(op, patient_id)) or ():
        if one.decision != "given":
            at = datetime.fromisoformat(one.at).astimezone(op.zone).date()
            kind = one.kind.replace("_", " ")
            yield Notice(f"Consent to {kind}: {one.decision}, {at}.")


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
            words = f"No consent to {kind.replace('_', ' ')} is recorded that counts at this visit."
            yield Notice(words, page, "Record it")


def _thoracic(session: Any) -> set[str]:
    muscles = (find(one["muscle"]) for one in session["needlings"])
    return {muscle.slug for muscle in muscles if muscle is not None and muscle.thoracic_risk}


def _screening(op: Operation, session: Any) -> Iterator[Notice]:
    if not op.caller.may(Scope.SCREENINGS_READ):
        return
    found = _screenings(op, session["patient_id"])
    if not any(one["session_id"] == session["id"] for one in found):
        may = op.caller.may(Scope.SCREENINGS_WRITE)
        page = f"{pages.HOME}/sessions/{session['id']}/screenings/new" if may else ""
        yield Notice("No screening of this visit is recorded.", page, "Screen now")
    yield from _screened(op, _newest(found))


def _screenings(op: Operation, patient_id: UUID) -> Sequence[Any]:
    if not op.caller.may(Scope.SCREENINGS_READ):
        return ()
    return records(op, SCREENINGS, ScreeningFilters(patient_id=patient_id, limit=SCREENED))[0]


def _newest(found: Sequence[Any]) -> Any:
    return max(found, key=lambda one: one["decided_at"], default=None)


def _screened(op: Operation, newest: Any) -> Iterator[Notice]:
    names = dict(words_to_choose(op, "contraindications"))
    yes = [
        names.get(one["code"], one["code"].replace("_", " "))
        + (f" ({one['detail']})" if one["detail"] else "")
        for one in (newest["answers"] if newest else ())
        if one["answer"] == "yes"
    ]
    if yes:
        day = newest["decided_at"].astimezone(op.zone).date()
        words = f"The screening of {day} has a yes to: {'; '.join(yes)}."
        page = correcting.correction(op, SCREENINGS.singular, newest["id"]) or ""
        yield Notice(words, page, "See the screening")


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
    yield from _red_flags(op, under_way, session["episode_id"])


def _red_flags(
    op: Operation, under_way: Sequence[Any], episode_id: UUID | None
) -> Iterator[Notice]:
    for one in under_way:
        if one["red_flags"] and episode_id in {None, UUID(one["id"])}:
            flags = ", ".join(flag.replace("_", " ") for flag in one["red_flags"])
            may = op.caller.may(Scope.EPISODES_WRITE)
            page = f"{pages.HOME}/episodes/{one['id']}/edit" if may else ""
            words = f"Red flags of \u201c{one['complaint']}\u201d: {flags}."
            yield Notice(words, page, "See the episode")
