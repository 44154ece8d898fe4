"""Sign and amend a session, with what other records say against it."""

from collections.abc import Iterator
from functools import partial
from uuid import UUID

from app.core.operation import Operation
from app.core.values.faults import Fault
from app.muscles.queries import find
from app.sessions import service as sessions
from app.sessions.schemas import AmendBody, SignBody
from app.sessions.views import SessionView
from app.signing import queries, rules


def sign(op: Operation, id: UUID, body: SignBody) -> SessionView:
    """Sign a draft: see `sessions.sign`."""
    return sessions.sign(op, id, body, partial(_faults_of_others, op))


def amend(op: Operation, id: UUID, body: AmendBody) -> SessionView:
    """Amend a signed session: see `sessions.amend`."""
    return sessions.amend(op, id, body, partial(_faults_of_others, op))


def _faults_of_others(op: Operation, session: SessionView) -> Iterator[Fault]:
    """Yield what the patient's consents and screenings say against a signature."""
    if session["attendance"] != "attended" or not session["needlings"]:
        return
    muscles = [find(needling["muscle"]) for needling in session["needlings"]]
    kinds = rules.needed(
        thoracic=any(muscle is not None and muscle.thoracic_risk for muscle in muscles),
        electrical=any(needling["electrical"] for needling in session["needlings"]),
    )
    consents = queries.consents(op, session["patient_id"])
    visit = rules.Visit(session["occurred_at"], session["episode_id"])
    yield from rules.consent_faults(consents, kinds, visit)
    yield from rules.screening_faults(queries.screenings(op, session["id"]))
