"""Sign and amend a session, with what other records say against it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from app.core.operation import Operation
from app.core.values.clock import clinic_day
from app.core.values.faults import Fault
from app.core.values.problems import Invalid
from app.muscles.queries import find
from app.records import service as records
from app.records.errors import IdentifierTaken
from app.records.facts import gather
from app.sessions.errors import NotReadyToSign, SessionDraft, SessionVoid
from app.sessions.rules import acts, overrides, signing
from app.sessions.schemas import AmendBody, SignBody
from app.sessions.service import (
    SESSIONS,
    Derived,
    given_overrides,
    lock_to_answer_for,
    require_own,
    signing_faults,
)
from app.sessions.views import SessionView
from app.signing import queries, rules

CHANGES: Final = "/changes"


def sign(op: Operation, id: UUID, body: SignBody) -> SessionView:
    """Sign a draft. After that it can only be amended or voided. The credentials are taken anew.

    Raises `NotReadyToSign` for the faults that are not overridden, and for overrides without a
    fault.
    """
    session = lock_to_answer_for(op, id)
    SESSIONS.refuse_change(session)
    found = reasons_against(op, session)
    settled = overrides.settle(found, given_overrides(body.overrides))
    faults = [*settled.left, *overrides.idle_faults(settled)]
    if faults:
        raise NotReadyToSign(faults)
    content = records.patched(op, SESSIONS, session, {})
    derived = SESSIONS.derive(op, content, session, gather(op, [(SESSIONS, content)]))
    signature = Derived(
        status="signed",
        signed_at=op.at,
        signed_by=op.caller.actor,
        overrides=settled.overrides,
    )
    return records.store(op, SESSIONS, session, {**derived, **signature}, operation=acts.SIGN)


def amend(op: Operation, id: UUID, body: AmendBody) -> SessionView:
    """Amend a signed session. The earlier version stays readable.

    Raises `NotReadyToSign` for the faults that the amendment makes, unless they are overridden, and
    for overrides without a fault.
    """
    session = lock_to_answer_for(op, id)
    if session["status"] == "draft":
        raise SessionDraft
    if session["status"] == "void":
        raise SessionVoid
    with _within_changes():
        amended = records.patched(op, SESSIONS, session, body.changes.root)
        require_own(op, amended.practitioner_id)
        content = SESSIONS.view_from({**session, **amended.model_dump(exclude={"id"})})
        if SESSIONS.content(session) == SESSIONS.content(content):
            raise Invalid([Fault("", "no_change", "These changes leave the session as it is.")])
    had = reasons_against(op, session)
    found = reasons_against(op, content)
    kept = overrides.carried(session["overrides"], session, found, content)
    settled = overrides.settle(found, given_overrides(body.overrides), kept)
    made = [
        fault._replace(pointer=CHANGES + fault.pointer)
        # What the session lacked before the amendment is no reason to refuse it.
        for fault in overrides.made(settled.left, content, had, session)
    ]
    if made or settled.idle:
        raise NotReadyToSign([*made, *overrides.idle_faults(settled)])
    server = Derived(
        amended_at=op.at,
        overrides=settled.overrides,
        warnings=signing.warnings(settled.left),
    )
    reason = f"{body.kind}: {body.reason}"
    with _within_changes():
        return records.revise(op, SESSIONS, session, amended, reason=reason, server=server)


@contextmanager
def _within_changes() -> Iterator[None]:
    """Let the pointers of faults begin where the changes stand in the body."""
    try:
        yield
    except Invalid as refused:
        raise refused.within(CHANGES) from None
    except IdentifierTaken as taken:
        taken.members["pointer"] = CHANGES + taken.members["pointer"]
        raise


def reasons_against(op: Operation, session: SessionView) -> list[Fault]:
    """Return the reasons why a session can't be signed now."""
    return [*signing_faults(session, op.at), *_faults_of_others(op, session)]


def _faults_of_others(op: Operation, session: SessionView) -> Iterator[Fault]:
    """Yield what the patient's consents and screenings say against a signature."""
    if session["attendance"] != "attended" or not session["needlings"]:
        return
    thoracic = {
        needling["muscle"]
        for needling in session["needlings"]
        if (muscle := find(needling["muscle"])) is not None and muscle.thoracic_risk
    }
    places = rules.places(session["needlings"], thoracic)
    consents = queries.consents(op, session["patient_id"])
    visit = rules.Visit(
        session["occurred_at"], clinic_day(session["occurred_at"], op.zone), session["episode_id"]
    )
    yield from rules.consent_faults(consents, places, visit)
    yield from rules.screening_faults(queries.screenings(op, session["id"]))
