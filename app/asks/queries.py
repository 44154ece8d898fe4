"""Reads for asks: what is known of a visit and its patient, and who shares an address."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.alerts.models import Alert
from app.asks import rules
from app.asks.models import Ask
from app.core.db.dialects import unindexed
from app.core.operation import CLINIC, Operation, rows
from app.core.values.clock import clinic_day
from app.deliveries.models import OutboxItem
from app.followups.models import FollowUp
from app.followups.rules import ASKED_AFTER_H
from app.patients.models import Patient
from app.safety.models import AdverseEvent, Consent
from app.safety.rules import folded_address
from app.safety.views import MessageChannel
from app.sessions.models import Needling, TreatmentSession

RESOURCE: Final = "asks"
OPEN: Final = ("due", "sent", "unsure")
RECENT: Final = timedelta(days=3)
"""Longer than any time in which a visit may be asked about, and its duration."""

# What was finished elsewhere was recorded when it was signed there, not when it was stored.
_HERE: Final = TreatmentSession.recorded_at == TreatmentSession.created_at
_ANSWER: Final = (
    select(FollowUp.id)
    .where(
        FollowUp.clinic_id == CLINIC,
        FollowUp.session_id == TreatmentSession.id,
        FollowUp.hours_after >= ASKED_AFTER_H,
    )
    .order_by(FollowUp.reported_at, FollowUp.id)
    .limit(1)
    .scalar_subquery()
)
_SERIOUS: Final = exists().where(
    AdverseEvent.clinic_id == CLINIC,
    AdverseEvent.patient_id == Patient.id,
    AdverseEvent.severity == "serious",
    or_(
        AdverseEvent.session_id == TreatmentSession.id,
        AdverseEvent.occurred_at >= TreatmentSession.occurred_at,
    ),
)
NEEDLED: Final = exists().where(
    Needling.clinic_id == CLINIC, Needling.session_id == TreatmentSession.id
)
"""Whether a visit has needles, as a clause."""
_KNOWN: Final = (
    rows(
        TreatmentSession,
        TreatmentSession.status,
        _HERE,
        TreatmentSession.patient_id,
        TreatmentSession.attendance,
        NEEDLED,
        TreatmentSession.occurred_at,
        TreatmentSession.duration_min,
        TreatmentSession.episode_id,
        Patient.status,
        Patient.deceased_on,
        Patient.language,
        _ANSWER,
        exists().where(
            Alert.clinic_id == CLINIC, Alert.patient_id == Patient.id, Alert.status == "open"
        ),
        _SERIOUS,
    )
    .join(
        Patient,
        and_(
            Patient.clinic_id == TreatmentSession.clinic_id, Patient.id == bindparam("patient_id")
        ),
    )
    .where(TreatmentSession.id == bindparam("session_id"))
)
_CONSENTS: Final = rows(
    Consent,
    Consent.channel,
    Consent.address,
    Consent.decision,
    Consent.obtained_at,
    Consent.withdrawn_at,
    Consent.valid_until,
    Consent.episode_id,
    Consent.kind,
).where(Consent.patient_id == bindparam("patient_id"))
# New records, which refer to the patient, need not wait.
_PATIENT: Final = (
    rows(Patient, Patient.id)
    .where(Patient.id == bindparam("patient_id"))
    .with_for_update(key_share=True)
)
_STOPPED: Final = aliased(Consent)
_CHANNELS: Final = (
    rows(Consent, Consent.channel)
    .where(
        Consent.kind == "messages",
        Consent.decision == "given",
        or_(Consent.valid_until.is_(None), Consent.valid_until >= bindparam("day")),
        ~exists().where(
            _STOPPED.clinic_id == CLINIC,
            _STOPPED.patient_id == Consent.patient_id,
            _STOPPED.kind == "messages",
            _STOPPED.decision != "given",
            or_(_STOPPED.channel.is_(None), _STOPPED.channel == Consent.channel),
            func.coalesce(_STOPPED.withdrawn_at, _STOPPED.obtained_at) >= Consent.obtained_at,
        ),
    )
    .distinct()
)
_OTHERS: Final = rows(Consent, Consent.patient_id).where(
    Consent.address_folded == bindparam("folded"),
    Consent.channel == bindparam("channel"),
    Consent.patient_id != bindparam("patient_id"),
    Consent.kind == "messages",
    # Messages with an initial may still be out if the other patient wants none any more.
    Consent.decision != "refused",
)
_OF_PATIENT: Final = rows(Ask, Ask.id, Ask.status).where(Ask.patient_id == bindparam("patient_id"))
_OF_SESSION: Final = rows(Ask, Ask.id).where(
    Ask.session_id == bindparam("session_id"), Ask.status != "answered"
)
_OF_BOTH: Final = rows(Ask, Ask.id).where(
    Ask.session_id == bindparam("session_id"), Ask.patient_id == bindparam("patient_id")
)
_SIGNED: Final = rows(TreatmentSession, TreatmentSession.id).where(
    TreatmentSession.patient_id == bindparam("patient_id"),
    TreatmentSession.status == "signed",
    _HERE,
    TreatmentSession.occurred_at >= bindparam("since"),
)
_IS_DUE: Final = OutboxItem.due_at <= bindparam("at")
_WAITS: Final = OutboxItem.raised_at <= bindparam("at")
# Like the look-up of a token, this query can't filter by clinic: it finds the clinics.
_CLINICS: Final = (
    select(
        OutboxItem.clinic_id,
        func.count().filter(_IS_DUE).label("due"),
        func.count().filter(_WAITS).label("waiting"),
        func.min(case((_WAITS, OutboxItem.raised_at))).label("since"),
    )
    .where(OutboxItem.status == "waiting", OutboxItem.resource == RESOURCE, or_(_IS_DUE, _WAITS))
    .group_by(OutboxItem.clinic_id)
)
_DUE: Final = (
    rows(OutboxItem, OutboxItem.resource_id)
    .where(
        OutboxItem.status == "waiting",
        OutboxItem.resource == RESOURCE,
        OutboxItem.due_at <= bindparam("at"),
        or_(OutboxItem.claimed_until.is_(None), OutboxItem.claimed_until <= bindparam("at")),
    )
    .order_by(OutboxItem.due_at, OutboxItem.id)
    .limit(bindparam("most"))
)
# What was stored before the message isn't about where the message went.
UNCONFIRMED: Final = ~exists().where(
    Consent.clinic_id == CLINIC,
    Consent.patient_id == Ask.patient_id,
    unindexed(Consent.kind) == "messages",
    Consent.decision == "given",
    Consent.channel == Ask.channel,
    Consent.updated_at > func.coalesce(Ask.sent_at, Ask.created_at),
)
"""Whether nobody has stored or changed a consent to an ask's channel since its message."""
_ELSEWHERE: Final = (
    rows(Ask, Ask.id)
    .where(
        Ask.patient_id == bindparam("patient_id"),
        Ask.channel == bindparam("channel"),
        Ask.reason == "not_me",
        UNCONFIRMED,
    )
    .limit(1)
)
_NAMES: Final = rows(Patient, Patient.given_name, Patient.family_name).where(
    Patient.id == bindparam("patient_id")
)
_STATUS: Final = rows(Ask, Ask.status).where(Ask.id == bindparam("id"))


def known(op: Operation, session_id: UUID, patient_id: UUID) -> rules.Known | None:
    """What is known of a visit and a patient; None if one of them is gone."""
    row = op.first(_KNOWN, session_id=session_id, patient_id=patient_id)
    return None if row is None else rules.Known._make(row)


def lock_patient(op: Operation, patient_id: UUID) -> None:
    """Lock a patient until commit, so that of two writes about them the second sees the first.

    A signature and a consent that are stored at one moment would else both find nothing to plan.
    """
    op.first(_PATIENT, patient_id=patient_id)


def message_consents(op: Operation, patient_id: UUID) -> list[rules.MessageConsent]:
    """What a patient decided about messages.

    A patient's consents are few. By their kind, SQLite may read those of the whole clinic.
    """
    found = op.all(_CONSENTS, patient_id=patient_id)
    return [rules.MessageConsent(*decided) for *decided, kind in found if kind == "messages"]


def shares_address(op: Operation, patient_id: UUID, channel: MessageChannel, address: str) -> bool:
    """Whether another patient of the clinic gets messages at this address too.

    Addresses are compared as `folded_address` gives them. What isn't valid any more counts still:
    then an initial stands in the message that nobody needs.
    """
    folded = folded_address(channel, address)
    return op.first(_OTHERS, folded=folded, channel=channel, patient_id=patient_id) is not None


def initial(op: Operation, patient_id: UUID, channel: MessageChannel, address: str) -> str | None:
    """The first letter of a patient's name, if another one gets messages at this address too."""
    if not shares_address(op, patient_id, channel, address):
        return None
    row = op.one(_NAMES, patient_id=patient_id)
    name = row.given_name or row.family_name
    return name[0].upper() if name else None


def reaches_another(op: Operation, patient_id: UUID, channel: MessageChannel) -> bool:
    """Whether somebody else got a message to a patient, and nobody confirmed the address since."""
    return op.first(_ELSEWHERE, patient_id=patient_id, channel=channel) is not None


def open_asks(op: Operation, patient_id: UUID) -> list[UUID]:
    """The ids of the asks to a patient that go on."""
    return [row.id for row in op.all(_OF_PATIENT, patient_id=patient_id) if row.status in OPEN]


def asks_about(op: Operation, session_id: UUID) -> list[UUID]:
    """The ids of the asks about a session that nobody answered."""
    return [row.id for row in op.all(_OF_SESSION, session_id=session_id)]


def ask_about(op: Operation, session_id: UUID, patient_id: UUID) -> UUID | None:
    """The id of the ask to a patient about a session; None if there is none."""
    row = op.first(_OF_BOTH, session_id=session_id, patient_id=patient_id)
    return None if row is None else row.id


def recent_sessions(op: Operation, patient_id: UUID) -> list[UUID]:
    """The signed sessions of a patient about which they may still be asked."""
    return [row.id for row in op.all(_SIGNED, patient_id=patient_id, since=op.at - RECENT)]


class Waiting(NamedTuple):
    """The asks of one clinic that need something."""

    clinic_id: UUID
    due: int
    """How many need something now."""
    waiting: int
    """How many should have got it: those, and what was tried in vain and is tried again later."""
    since: datetime | None
    """Since when the oldest of them has waited."""


def waiting(db: Connection, at: datetime) -> list[Waiting]:
    """The clinics in which an ask needs something."""
    return [Waiting(*row) for row in db.execute(_CLINICS, {"at": at})]


def consented_channels(op: Operation) -> set[MessageChannel]:
    """The channels by which some patients of the clinic have consented to messages."""
    return {row.channel for row in op.all(_CHANNELS, day=clinic_day(op.at, op.zone))}


def due_asks(op: Operation, most: int) -> list[UUID]:
    """The asks of the clinic that need something now and that nobody has claimed."""
    return [row.resource_id for row in op.all(_DUE, at=op.at, most=most)]


def status(op: Operation, id: UUID) -> str | None:
    """The status of an ask; None if it was erased."""
    row = op.first(_STATUS, id=id)
    return None if row is None else row.status
