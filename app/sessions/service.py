"""Sessions as a kind of record, and what can be done to one."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, case, exists

from app.core.clock import now
from app.core.faults import Fault
from app.core.nested import Shape, json_rows
from app.core.operation import CLINIC, Operation, rows
from app.core.pages import Order
from app.core.problems import Invalid
from app.muscles.queries import CATALOGUE_VERSION
from app.practitioners.rules import holds_on
from app.records import service as records
from app.records.kinds import Appearances, Child, Facts, Kind, Reference, Viewed
from app.records.readings import READING_MEMBERS
from app.sessions import rules
from app.sessions.errors import NotReadyToSign, SessionDraft, SessionSigned, SessionVoid
from app.sessions.models import (
    Finding,
    Needling,
    SessionMeasurement,
    SessionPart,
    TreatmentSession,
)
from app.sessions.schemas import (
    AmendBody,
    FindingBody,
    FinishedSessionBody,
    NeedlingBody,
    SessionBody,
    SessionFilters,
    SessionView,
)

_NEEDLE = ("diameter_mm", "length_mm", "lot")


def _shape(table: type[SessionPart], *names: str) -> dict[str, ColumnElement[Any] | Shape]:
    return {name: table.__table__.c[name] for name in names}


def _parts(table: type[SessionPart], shape: Shape) -> ColumnElement[Any]:
    own = (
        rows(table)
        .where(table.session_id == TreatmentSession.id)
        .order_by(table.position)
        .correlate(TreatmentSession)
    )
    return json_rows(shape, own)


def _needling_shape() -> Shape:
    own = Needling.__table__.c
    needle = _shape(Needling, *_NEEDLE)
    return {name: needle if name == "needle" else own[name] for name in NeedlingBody.model_fields}


def _needling_rows(view: Viewed) -> Iterator[dict[str, Any]]:
    for needling in view["needlings"]:
        row = dict(needling)
        yield row | row.pop("needle")


class Sessions(Kind[SessionBody]):
    """Sessions: the rows of their lists are tables of their own, so they can be asked about."""

    noun = "sessions"
    singular = "session"
    table = TreatmentSession
    body = SessionBody
    finished = FinishedSessionBody
    view = SessionView
    filters = SessionFilters
    order = Order((TreatmentSession.occurred_at, TreatmentSession.id), descending=True)
    references = (
        Reference("patient_id", "patients"),
        Reference("episode_id", "episodes"),
        Reference("practitioner_id", "practitioners"),
    )
    children = (
        Child(Needling, "session_id", _needling_rows),
        Child(Finding, "session_id", lambda view: view["findings"]),
        Child(SessionMeasurement, "session_id", lambda view: view["measurements"]),
    )
    nested = {
        "needlings": _parts(Needling, _needling_shape()),
        "findings": _parts(Finding, _shape(Finding, *FindingBody.model_fields)),
        "measurements": _parts(
            SessionMeasurement, _shape(SessionMeasurement, *READING_MEMBERS, "phase")
        ),
    }
    conditions = {
        "patient_id": TreatmentSession.patient_id == bindparam("patient_id"),
        "episode_id": TreatmentSession.episode_id == bindparam("episode_id"),
        "practitioner_id": TreatmentSession.practitioner_id == bindparam("practitioner_id"),
        "muscle": exists().where(
            Needling.clinic_id == CLINIC,
            Needling.muscle == bindparam("muscle"),
            Needling.session_id == TreatmentSession.id,
        ),
        "status": TreatmentSession.status == bindparam("status"),
        "occurred_from": TreatmentSession.occurred_at >= bindparam("occurred_from"),
        "occurred_to": TreatmentSession.occurred_at <= bindparam("occurred_to"),
        "updated_from": TreatmentSession.updated_at >= bindparam("updated_from"),
    }
    appears = Appearances(
        rows=True,
        table=True,
        timeline=TreatmentSession.occurred_at,
        chart_summary=True,
        console=True,
    )
    facts = {
        "patient_id": TreatmentSession.__table__.c.patient_id,
        "at": TreatmentSession.__table__.c.occurred_at,
        # Of a void session it doesn't matter any more who came. The label is the member that
        # others rely on: voiding makes none of them untrue.
        "state": case(
            (TreatmentSession.status == "void", "void"), else_=TreatmentSession.attendance
        ).label("attendance"),
    }

    def check(self, body: SessionBody, facts: Facts) -> Iterator[Fault]:
        """A session that comes in signed must have been ready for it."""
        del facts
        if isinstance(body, FinishedSessionBody) and body.status == "signed":
            yield from rules.unready(body.model_dump(), now())

    def derive(self, op: Operation, view: Viewed, facts: Facts) -> None:
        """Add the state, and what held on the day of the session."""
        for name in ("signed_at", "signed_by", "amended_at", "voided_at"):
            view.setdefault(name, None)
        view.setdefault("status", "draft")
        view.setdefault("alert", False)
        view.setdefault("recorded_at", view["signed_at"] or op.at)
        if view["status"] == "draft" or "credentials" not in view:
            credentials = facts["practitioners", view["practitioner_id"]].detail
            day = view["occurred_at"].date()
            view["credentials"] = [c for c in credentials if holds_on(c, day)]
        view["catalogue_version"] = CATALOGUE_VERSION
        view["late_entry"] = rules.is_late(view["occurred_at"], view["recorded_at"])

    def refuse_change(self, view: Viewed) -> None:
        """Only a draft is edited."""
        if view["status"] == "signed":
            raise SessionSigned
        if view["status"] == "void":
            raise SessionVoid


SESSIONS = Sessions()


def sign(op: Operation, id: UUID) -> Viewed:
    """Turn a draft into a record. From here on it can only be amended or voided."""
    session = records.for_change(op, SESSIONS, id)
    SESSIONS.refuse_change(session)
    _require_ready(session, op.at)
    signature = {"status": "signed", "signed_at": op.at, "signed_by": op.caller.actor}
    return records.store(op, SESSIONS, session, {**session, **signature})


def amend(op: Operation, id: UUID, body: AmendBody) -> Viewed:
    """Put a signed session right. The version before stays readable."""
    session = records.for_change(op, SESSIONS, id)
    if session["status"] == "draft":
        raise SessionDraft
    if session["status"] == "void":
        raise SessionVoid
    try:
        return _amended(op, session, body)
    except Invalid as refused:
        raise refused.within("/changes") from None


def _amended(op: Operation, session: Viewed, body: AmendBody) -> Viewed:
    amended = records.patched(SESSIONS, session, body.changes)
    _require_ready(amended.model_dump(), op.at)
    if SESSIONS.content(session) == SESSIONS.content(session | amended.model_dump(exclude={"id"})):
        raise Invalid([Fault("", "no_change", "These changes change nothing.")])
    if _who_and_when(amended.model_dump()) != _who_and_when(session):
        # The copy was of another practitioner, or of another day; else what was signed stays.
        session = {name: member for name, member in session.items() if name != "credentials"}
    reason = f"{body.kind}: {body.reason}"
    return records.revise(op, SESSIONS, session, amended, reason=reason, amended_at=op.at)


def _who_and_when(session: Viewed) -> tuple[UUID, date]:
    return session["practitioner_id"], session["occurred_at"].date()


def void(op: Operation, id: UUID, reason: str) -> Viewed:
    """Declare a session void. It stays readable, and counts nowhere."""
    session = records.for_change(op, SESSIONS, id)
    if session["status"] == "void":
        raise SessionVoid
    members = {**session, "status": "void", "voided_at": op.at}
    return records.store(op, SESSIONS, session, members, reason=reason)


def alert(op: Operation, id: UUID) -> None:
    """Raise a session's alert: a follow-up reported a red flag."""
    session = records.locked(op, SESSIONS, id)
    records.store(op, SESSIONS, session, {**session, "alert": True}, operation="sessions.alert")


def _require_ready(session: Viewed, at: datetime) -> None:
    faults = list(rules.unready(session, at))
    if faults:
        raise NotReadyToSign(faults)
