"""Sign a session."""

from collections.abc import Iterator
from typing import cast
from uuid import UUID

from app.core.operation import Operation
from app.core.values.faults import Fault
from app.muscles.queries import find
from app.sessions import service as sessions
from app.sessions.schemas import SignBody
from app.sessions.views import OverrideView, SessionView
from app.signing import queries, rules


def sign(op: Operation, id: UUID, body: SignBody) -> SessionView:
    """Sign a draft. After that it can only be amended or voided.

    Raises `NotReadyToSign`, and what `lock_to_answer_for` raises.
    """
    session = sessions.lock_to_answer_for(op, id)
    overrides = [override.model_dump() for override in body.overrides]
    found = _faults_of_others(op, session) if session["status"] == "draft" else ()
    return sessions.sign(op, session, cast("list[OverrideView]", overrides), found)


def _faults_of_others(op: Operation, session: SessionView) -> Iterator[Fault]:
    """Yield what the patient's consents and the session's screenings say against a signature."""
    if session["attendance"] != "attended" or not session["needlings"]:
        return
    muscles = [find(needling["muscle"]) for needling in session["needlings"]]
    kinds = rules.needed(
        thoracic=any(muscle is not None and muscle.thoracic_risk for muscle in muscles),
        electrical=any(needling["electrical"] for needling in session["needlings"]),
    )
    consents = queries.consents(op, session["patient_id"])
    yield from rules.consent_faults(consents, kinds, session["occurred_at"])
