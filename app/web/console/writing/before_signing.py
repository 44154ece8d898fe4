"""What a signer looks at first: what a visit lacks, and what speaks for caution."""

from collections.abc import Iterator
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
    filters = ScreeningFilters(patient_id=session["patient_id"], limit=SCREENED)
    found, _ = records(op, SCREENINGS, filters)
    if not any(one["session_id"] == session["id"] for one in found):
        may = op.caller.may(Scope.SCREENINGS_WRITE)
        page = f"{pages.HOME}/sessions/{session['id']}/screenings/new" if may else ""
        yield Notice("No screening of this visit is recorded.", page, "Screen now")
    newest: Any = max(found, key=lambda one: one["decided_at"], default=None)
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
    for one in under_way:
        if one["red_flags"] and session["episode_id"] in {None, UUID(one["id"])}:
            flags = ", ".join(flag.replace("_", " ") for flag in one["red_flags"])
            may = op.caller.may(Scope.EPISODES_WRITE)
            page = f"{pages.HOME}/episodes/{one['id']}/edit" if may else ""
            words = f"Red flags of \u201c{one['complaint']}\u201d: {flags}."
            yield Notice(words, page, "See the episode")
