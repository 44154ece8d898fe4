"""Asks as a kind of record: the server plans them, and ends them when something comes between.

Whatever is written of a session, a patient, a consent, a report, an alert or an event is reacted to
in the same transaction. A draft costs no query.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final, TypedDict
from uuid import UUID

from sqlalchemy import bindparam

from app.alerts.views import AlertView
from app.asks import queries, rules
from app.asks.models import Ask
from app.asks.schemas import AskBody, AskFilters
from app.asks.views import AskReason, AskStatus, AskView, AttemptKind, AttemptView
from app.clinics.queries import clinic
from app.core.http.pages import Order
from app.core.operation import Operation
from app.core.values.clock import clinic_day
from app.deliveries import service as deliveries
from app.followups.views import FollowUpView
from app.languages.queries import DOMAIN, languages
from app.languages.rules.choice import chosen, offered
from app.patients.views import PatientView
from app.records import service as records
from app.records.appearances import Appearances, LeftOut
from app.records.kinds import Facts, Kind
from app.safety.views import AdverseEventView, ConsentView, MessageChannel
from app.sessions.views import SessionView


class Derived(TypedDict, total=False):
    """The members of an ask that the server changes."""

    due_at: datetime | None
    channel: MessageChannel
    language: str
    status: AskStatus
    reason: AskReason | None
    note: str | None
    sent_at: datetime | None
    answered_by: UUID | None
    next_at: datetime | None
    next_kind: AttemptKind | None
    attempts: list[AttemptView]


def _session(op: Operation, current: SessionView | None, view: SessionView) -> None:
    """Plan an ask when a session is signed. Later, end or move it as the session changes."""
    if current is None or (current["status"] == "draft" and view["status"] != "signed"):
        return
    moved = _end(current) != _end(view)
    for ask_id in () if current["status"] == "draft" else queries.asks_about(op, view["id"]):
        review(op, ask_id, moved=moved)
    newly = current["status"] == "draft" or current["patient_id"] != view["patient_id"]
    if newly and view["status"] == "signed":
        queries.lock_patient(op, view["patient_id"])
        plan(op, view["id"], view["patient_id"])


def _end(view: SessionView) -> tuple[datetime, int | None]:
    return view["occurred_at"], view["duration_min"]


def _patient(op: Operation, current: PatientView | None, view: PatientView) -> None:
    """End the asks to a patient who has left or died."""
    if current is not None and (view["status"] != "active" or view["deceased_on"] is not None):
        _review_all(op, view["id"])


def _consent(op: Operation, current: ConsentView | None, view: ConsentView) -> None:
    """Plan asks for a patient who consents to messages, and end them if they stop these."""
    if view["kind"] != "messages" and (current is None or current["kind"] != "messages"):
        return
    whose = {view["patient_id"]} | ({current["patient_id"]} if current is not None else set())
    for patient_id in sorted(whose):
        queries.lock_patient(op, patient_id)
        _review_all(op, patient_id)
        for session_id in queries.recent_sessions(op, patient_id):
            plan(op, session_id, patient_id)


def _report(op: Operation, current: FollowUpView | None, view: FollowUpView) -> None:
    """Settle the ask about a session of which there is a report."""
    del current
    for ask_id in queries.asks_about(op, view["session_id"]):
        review(op, ask_id)


def _alert(op: Operation, current: AlertView | None, view: AlertView) -> None:
    """End the asks to a patient about whom there is an open alert."""
    del current
    if view["status"] == "open" and view["patient_id"] is not None:
        _review_all(op, view["patient_id"])


def _event(op: Operation, current: AdverseEventView | None, view: AdverseEventView) -> None:
    """End the asks to a patient with a serious event."""
    del current
    if view["severity"] == "serious":
        _review_all(op, view["patient_id"])


def _review_all(op: Operation, patient_id: UUID) -> None:
    for ask_id in queries.open_asks(op, patient_id):
        review(op, ask_id)


class Asks(Kind[AskBody, AskView]):
    """Asks. No client makes or edits one."""

    noun = "asks"
    singular = "ask"
    table = Ask
    body = AskBody
    view = AskView
    filters = AskFilters
    order = Order((Ask.id,), descending=True)
    reactions = {
        "sessions": _session,
        "patients": _patient,
        "consents": _consent,
        "follow_ups": _report,
        "alerts": _alert,
        "adverse_events": _event,
    }
    # No references: an ask must not keep its session from being corrected.
    conditions = {
        "due": Ask.status == "due",
        "not_due": Ask.status != "due",
        "status": Ask.status == bindparam("status"),
        "patient_id": Ask.patient_id == bindparam("patient_id"),
        "session_id": Ask.session_id == bindparam("session_id"),
    }
    appears = Appearances(
        rows=LeftOut("Only the server asks. Nobody is asked about a visit that is imported."),
        table=True,
        timeline=LeftOut("What the patient answers is on the timeline."),
        chart_summary=LeftOut("A summary shows what the patient answered, not who was asked."),
        console=LeftOut("The chart shows what the patient answered."),
        note=LeftOut("A note shows what the patient answered, not who was asked."),
    )

    def derive(
        self, op: Operation, body: AskBody, current: AskView | None, facts: Facts
    ) -> Derived:
        """Add the state of a new ask."""
        del op, facts
        if current is not None:
            return Derived()
        return Derived(
            status="expired" if body.due_at is None else "due",
            reason="no_moment" if body.due_at is None else None,
            note=None,
            sent_at=None,
            answered_by=None,
            next_at=body.due_at,
            next_kind=None if body.due_at is None else "first",
            attempts=[],
        )


ASKS: Final = Asks()
MENDED: Final = frozenset({"no_consent", "stopped", "not_me"})
"""The reasons of an ask that a later consent mends."""
FOLLOWED: Final = "asks.follow"
"""The operation in the ledger if an ask changes because something else did."""


def quiet(op: Operation) -> rules.Quiet:
    """Return the clinic's quiet hours."""
    here = clinic(op)
    return rules.Quiet(here["quiet_hours"] or rules.USUAL_QUIET, op.take_zone(here["time_zone"]))


def consent_for(
    op: Operation, known: rules.Known, patient_id: UUID
) -> rules.MessageConsent | AskReason:
    """Return the consent by which a patient is asked, or the reason why there is none."""
    consents = queries.message_consents(op, patient_id)
    return rules.in_force(consents, clinic_day(op.at, op.zone), known.episode_id)


def language(known: rules.Known, switched_on: Collection[str]) -> str:
    """Return the language of a message to a patient: theirs, if it is offered; else English."""
    return chosen([known.language], offered(languages(DOMAIN), switched_on)).tag


def plan(op: Operation, session_id: UUID, patient_id: UUID) -> None:
    """Plan the ask about a signed session, if the patient has consented and there is time.

    An ask that was cancelled for want of a consent goes on, unless a message went already. Without
    a moment outside quiet hours there is an ask that has expired, so that people see it.
    """
    consents = queries.message_consents(op, patient_id)
    known = queries.known(op, session_id, patient_id) if consents else None
    if known is None or not known.signed_here or known.answer is not None:
        return
    consent = rules.in_force(consents, clinic_day(op.at, op.zone), known.episode_id)
    ended_at = known.ended_at.astimezone(UTC)
    if (
        not isinstance(consent, rules.MessageConsent)
        or op.at >= ended_at + rules.SPANS["first"].end
    ):
        return
    found = queries.ask_about(op, session_id, patient_id)
    between = obstacle(op, known, patient_id)
    due_at = rules.planned("first", ended_at, op.at, quiet(op))
    if found is None:
        body = AskBody(
            session_id=session_id,
            patient_id=patient_id,
            due_at=due_at,
            channel=consent.channel or "email",
            language=language(known, clinic(op)["languages"]),
        )
        ask, _ = records.create_one(op, ASKS, body)
    else:
        ask = records.lock_for_server(op, ASKS, found)
        if ask["attempts"] or ask["reason"] not in MENDED or due_at is None or between is not None:
            return
        again = Derived(status="due", reason=None, due_at=due_at, next_at=due_at, next_kind="first")
        ask = change(op, ask, again)
    deliveries.schedule(op, ASKS.noun, ask["id"], ask["next_at"])
    if between is not None:
        review(op, ask["id"])


def review(op: Operation, id: UUID, *, moved: bool = False) -> None:
    """End an ask that was answered, or that something has come between. Else it goes on.

    If the visit was `moved` to another time, so is a message that didn't go yet.
    """
    ask = records.lock_for_server(op, ASKS, id)
    known = queries.known(op, ask["session_id"], ask["patient_id"])
    if known is None:
        return
    changes = ending(op, ask, known)
    if changes is None and moved and ask["next_kind"] is not None:
        ended_at = known.ended_at.astimezone(UTC)
        changes = moved_to(ask, rules.planned(ask["next_kind"], ended_at, op.at, quiet(op)))
    if changes is not None:
        change(op, ask, changes)


def ending(op: Operation, ask: AskView, known: rules.Known) -> Derived | None:
    """Return the changes that end an ask: it was answered, or may go no more. None if it goes on.

    An answer counts whatever the ask has become.
    """
    if ask["status"] == "answered":
        return None
    if known.answer is not None:
        return Derived(
            status="answered",
            # Whoever phones the patient hasn't confirmed the address yet.
            reason="not_me" if ask["reason"] == "not_me" else None,
            answered_by=known.answer,
            next_at=None,
            next_kind=None,
        )
    if ask["status"] not in queries.OPEN:
        return None
    reason = obstacle(op, known, ask["patient_id"])
    if reason is None:
        return None
    return Derived(status="cancelled", reason=reason, next_at=None, next_kind=None)


def obstacle(op: Operation, known: rules.Known, patient_id: UUID) -> AskReason | None:
    """Return why a patient is not to be asked; None if they may be."""
    reason = rules.obstacle(known, patient_id)
    if reason is not None:
        return reason
    consent = consent_for(op, known, patient_id)
    if not isinstance(consent, rules.MessageConsent):
        return consent
    elsewhere = queries.reaches_another(op, patient_id, consent.channel or "email")
    return "not_me" if elsewhere else None


def moved_to(ask: AskView, moment: datetime | None) -> Derived:
    """Return the changes that plan the next message anew; without a moment there is none."""
    if moment is not None:
        changes = Derived(next_at=moment)
    elif ask["sent_at"] is not None:
        changes = Derived(next_at=None, next_kind=None)
    else:
        changes = Derived(
            status="failed" if ask["attempts"] else "expired",
            reason="window_passed",
            next_at=None,
            next_kind=None,
        )
    if ask["next_kind"] == "first" and not ask["attempts"]:
        changes["due_at"] = moment
    return changes


def change(
    op: Operation, ask: AskView, changes: Derived, operation: str | None = FOLLOWED
) -> AskView:
    """Store the next version of a locked ask, and when something must be done about it.

    `operation` is the name in the ledger; None for that of the operation itself.
    """
    view = records.store(op, ASKS, ask, changes, operation=operation)
    deliveries.schedule(op, ASKS.noun, view["id"], _due(op, view), rules.waits_since(view))
    return view


def _due(op: Operation, ask: AskView) -> datetime | None:
    """Return when something must be done: a message is due, or an attempt or the links end."""
    if ask["next_at"] is not None:
        return ask["next_at"]
    if any(attempt["status"] == "claimed" for attempt in ask["attempts"]):
        return op.at
    if ask["status"] == "sent" and ask["sent_at"] is not None:
        return ask["sent_at"] + rules.LINKS_END_AFTER
    return None
