"""Sessions as a kind of record, and how they are voided."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, TypedDict, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, case, exists

from app.clinics.queries import clinic
from app.core.db.nested import Shape, json_rows
from app.core.http.pages import Order
from app.core.operation import CLINIC, Operation, rows
from app.core.values.clock import clinic_day, now
from app.core.values.faults import Fault
from app.core.values.text import folded_code
from app.muscles.queries import CATALOGUE_VERSION, MUSCLES
from app.muscles.rules import LIMBS, levels_around
from app.practitioners.rules import holds_on
from app.practitioners.views import CredentialView
from app.records import identifiers
from app.records import service as records
from app.records.appearances import Appearances
from app.records.kinds import Child, Facts, Kind, Reference
from app.records.readings import READING_MEMBERS
from app.records.rules import birth_faults
from app.records.views import DuplicateView
from app.sessions.errors import (
    NotYourSession,
    SessionSigned,
    SessionVoid,
)
from app.sessions.models import (
    Finding,
    Needling,
    SessionIdentifier,
    SessionMeasurement,
    SessionPart,
    TreatmentSession,
)
from app.sessions.rules import acts, content, overrides, signing
from app.sessions.rules.belonging import Belonging, Visit, belonging_faults
from app.sessions.schemas import (
    FinishedSessionBody,
    OverrideBody,
    SessionBody,
    SessionFilters,
)
from app.sessions.schemas.needlings import FindingBody, NeedlingBody
from app.sessions.views import (
    CreatedSessionView,
    OverrideView,
    SessionStatus,
    SessionView,
    WarningView,
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


def _needling_rows(view: SessionView) -> Iterator[dict[str, object]]:
    for needling in view["needlings"]:
        own = {name: member for name, member in needling.items() if name != "needle"}
        lot = needling["needle"]["lot"]
        yield {**own, **needling["needle"], "lot_folded": lot and folded_code(lot)}


class Derived(TypedDict, total=False):
    """The members that the server adds to a session."""

    status: SessionStatus
    alert: bool
    credentials: list[CredentialView]
    catalogue_version: str
    recorded_at: datetime
    signed_at: datetime | None
    signed_by: str | None
    amended_at: datetime | None
    voided_at: datetime | None
    late_entry: bool
    overrides: list[OverrideView]
    warnings: list[WarningView]


# By the patient alone: a practitioner may have seen many people at one instant.
_SAME_VISIT: Final = rows(
    TreatmentSession, TreatmentSession.id, TreatmentSession.practitioner_id
).where(
    TreatmentSession.patient_id == bindparam("patient_id"),
    TreatmentSession.occurred_at == bindparam("occurred_at"),
    TreatmentSession.status != "void",
    TreatmentSession.id != bindparam("id"),
)


class Sessions(Kind[SessionBody, SessionView]):
    """Sessions. Their lists are child rows in separate tables, so that queries can use them."""

    noun = "sessions"
    singular = "session"
    table = TreatmentSession
    body = SessionBody
    finished = FinishedSessionBody
    view = SessionView
    made = CreatedSessionView
    filters = SessionFilters
    order = Order((TreatmentSession.occurred_at, TreatmentSession.id), descending=True)
    references = (
        Reference("patient_id", "patients"),
        Reference("episode_id", "episodes"),
        Reference("practitioner_id", "practitioners"),
    )
    identified_by = SessionIdentifier
    before = {"identifiers": [], "overrides": [], "warnings": []}
    children = (
        identifiers.child(SessionIdentifier),
        Child(Needling, "session_id", _needling_rows),
        Child(Finding, "session_id", lambda view: view["findings"]),
        Child(SessionMeasurement, "session_id", lambda view: view["measurements"]),
    )
    nested = {
        **identifiers.nested(SessionIdentifier, TreatmentSession),
        "needlings": _parts(Needling, _needling_shape()),
        "findings": _parts(Finding, _shape(Finding, *FindingBody.model_fields)),
        "measurements": _parts(
            SessionMeasurement, _shape(SessionMeasurement, *READING_MEMBERS, "phase")
        ),
    }
    conditions = {
        "patient_id": TreatmentSession.patient_id == bindparam("patient_id"),
        "episode_id": TreatmentSession.episode_id == bindparam("episode_id"),
        "identifier": identifiers.condition(SessionIdentifier, TreatmentSession),
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
        note=True,
    )
    facts = {
        "patient_id": TreatmentSession.__table__.c.patient_id,
        "at": TreatmentSession.__table__.c.occurred_at,
        # A void session has no attendance for others. The label is the member that others are
        # validated against. Voiding leaves it unchanged, so it rechecks no other record.
        "state": case(
            (TreatmentSession.status == "void", "void"), else_=TreatmentSession.attendance
        ).label("attendance"),
    }

    def check(
        self, body: SessionBody, facts: Facts, current: SessionView | None
    ) -> Iterator[Fault]:
        """Yield faults for an inactive practitioner, and for an order of times that couldn't be.

        A session that was stored before its practitioner became inactive may name them still.
        """
        practitioner = facts.get(("practitioners", body.practitioner_id))
        if practitioner is not None and _has_moved(current, body, facts.zone):
            day = clinic_day(body.occurred_at, facts.zone)
            yield from content.practitioner_faults(day, practitioner.ends_on)
        if body.attendance in content.CALLED_OFF:
            patient = facts.get(("patients", body.patient_id))
            born = None if patient is None else patient.born
            yield from birth_faults("occurred_at", body.occurred_at, born, facts.zone)
        if isinstance(body, FinishedSessionBody):
            yield from content.voiding_faults(
                body.voided_at, body.signed_at, body.occurred_at, body.attendance
            )
            if body.status == "signed":
                found = signing_faults(cast("signing.Signable", body.model_dump()), now())
                # What can be overridden becomes a warning; `happened` finds what is ahead.
                yield from (fault for fault in found if fault.code == "technique_missing")

    def happened(self, body: SessionBody) -> dict[str, datetime | None]:
        """Return when the visit took place, and what followed. One called off may be ahead."""
        happened: dict[str, datetime | None] = {}
        if body.attendance not in content.CALLED_OFF:
            happened["occurred_at"] = body.occurred_at
        if isinstance(body, FinishedSessionBody):
            happened |= {"signed_at": body.signed_at, "voided_at": body.voided_at}
        return happened

    def derive(
        self, op: Operation, body: SessionBody, current: SessionView | None, facts: Facts
    ) -> Derived:
        """Add the state, and the credentials that were valid on the day of the session."""
        derived = _new(op, body) if current is None else Derived()
        recorded_at = derived["recorded_at"] if current is None else current["recorded_at"]
        derived["catalogue_version"] = CATALOGUE_VERSION
        derived["late_entry"] = content.is_late(body.occurred_at, recorded_at)
        # Credentials of a signed session stay, unless its practitioner or day changes.
        is_draft = current is not None and current["status"] == "draft"
        if is_draft or _has_moved(current, body, op.zone):
            credentials = facts["practitioners", body.practitioner_id].detail
            day = clinic_day(body.occurred_at, op.zone)
            derived["credentials"] = [c for c in credentials if holds_on(c, day)]
        return derived

    def duplicates(self, op: Operation, view: SessionView) -> list[DuplicateView]:
        """Return the sessions of the same patient, practitioner and instant, void ones apart."""
        same = {name: view[name] for name in ("id", "patient_id", "occurred_at")}
        return [
            DuplicateView(id=row.id, why="same_visit")
            for row in sorted(op.all(_SAME_VISIT, **same))
            if row.practitioner_id == view["practitioner_id"]
        ]

    def refuse_change(self, current: SessionView) -> None:
        """Raise `SessionSigned` or `SessionVoid` unless the session is a draft."""
        if current["status"] == "signed":
            raise SessionSigned
        if current["status"] == "void":
            raise SessionVoid


def _new(op: Operation, body: SessionBody) -> Derived:
    """Return the state of a new session: a draft, unless it was signed or voided elsewhere."""
    new = Derived(alert=False, amended_at=None, overrides=[], warnings=[])
    if isinstance(body, FinishedSessionBody):
        given = given_overrides(body.overrides)
        found = signing_faults(cast("signing.Signable", body.model_dump()), op.at)
        settled = overrides.settle(found, given)
        new["overrides"] = overrides.stated(settled, given)
        if body.status == "signed":
            new["warnings"] = signing.warnings(settled.left)
        new["status"], new["recorded_at"] = body.status, body.signed_at or op.at
        new["signed_at"], new["signed_by"] = body.signed_at, body.signed_by
        new["voided_at"] = body.voided_at
    else:
        new["status"], new["recorded_at"] = "draft", op.at
        new["signed_at"] = new["signed_by"] = new["voided_at"] = None
    return new


def given_overrides(bodies: Iterable[OverrideBody]) -> list[overrides.GivenOverride]:
    """Return overrides as the rules take them."""
    return [cast("overrides.GivenOverride", body.model_dump()) for body in bodies]


def _has_moved(current: SessionView | None, body: SessionBody, zone: ZoneInfo) -> bool:
    """Return whether a body names another practitioner than before, or the same on another day."""
    if current is None or current["practitioner_id"] != body.practitioner_id:
        return True
    return clinic_day(current["occurred_at"], zone) != clinic_day(body.occurred_at, zone)


SESSIONS = Sessions()


def session_faults(
    belonging: Belonging,
    facts: Facts,
    session_id: UUID | None,
    member: str,
    at: datetime,
    *,
    imported: bool = False,
) -> Iterator[Fault]:
    """Yield faults of a record that belongs to a session, if it exists.

    `member` holds the record's time `at`.
    """
    session = facts.get(("sessions", session_id)) if session_id is not None else None
    if session is None or session.at is None or session.state is None:
        return
    visit = Visit(session.at, session.state, facts.zone)
    yield from belonging_faults(belonging, visit, member, at, imported=imported)


def signing_faults(session: signing.Signable, at: datetime) -> Iterator[Fault]:
    """Yield the reasons in its own content why a session can't be signed at an instant."""
    return signing.signing_faults(session, at, _ANATOMY)


_ANATOMY = {
    muscle.slug: signing.Anatomy(
        levels=levels_around(muscle.segments) if muscle.paraspinal else (),
        paired_only=muscle.region in LIMBS,
    )
    for muscle in MUSCLES
}


def void(op: Operation, id: UUID, reason: str) -> SessionView:
    """Void a session. It stays readable, but no statistic counts it."""
    session = lock_to_answer_for(op, id)
    if session["status"] == "void":
        raise SessionVoid
    changes = Derived(status="void", voided_at=op.at)
    return records.store(op, SESSIONS, session, changes, reason=reason, operation=acts.VOID)


def lock_to_answer_for(op: Operation, id: UUID) -> SessionView:
    """Lock a session that the caller wants to sign, amend or void.

    A practitioner may do so with their own sessions, and with others' as the clinic decides. A
    program acts for the practitioner whom the session names. Raises `NotYourSession`, and what
    `lock_for_change` raises.
    """
    session = records.lock_for_change(op, SESSIONS, id)
    require_own(op, session["practitioner_id"])
    return session


def require_own(op: Operation, practitioner_id: UUID) -> None:
    """Raise `NotYourSession` if the caller may not sign, amend or void this person's sessions."""
    if not may_answer_for(op, practitioner_id):
        raise NotYourSession


def may_answer_for(op: Operation, practitioner_id: UUID) -> bool:
    """Return whether the caller may sign, amend or void this person's sessions."""
    is_own = op.caller.answering in {None, practitioner_id}
    return is_own or clinic(op)["whose_sessions"] != "own"
