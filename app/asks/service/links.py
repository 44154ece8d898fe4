"""Links: who holds one may answer for its visit, and stop the messages. Nothing else."""

import hashlib
import secrets
import threading
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Connection,
    LargeBinary,
    Row,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from app.alerts.queries import alarming
from app.alerts.views import RedFlag
from app.asks import queries, rules
from app.asks.models import Ask, AskAnswer, AskLink
from app.asks.service import ASKS, actions
from app.asks.service.reports import Reported, alarm, store_report
from app.asks.service.states import GRACE, TAKES, LinkState, Standing, state
from app.asks.views import AskReason
from app.core.db.database import Database
from app.core.operation import CLINIC, Operation, perform, rows
from app.core.values.access import server
from app.core.values.clock import clinic_day, uuid7
from app.core.values.problems import Invalid, NotFound
from app.followups.schemas import FollowUpBody
from app.ledger import statements
from app.ledger.models import LedgerHead
from app.patients.models import Patient
from app.safety.views import MessageChannel
from app.sessions.service import SESSIONS
from app.sessions.views import SessionView

TOKEN_BYTES: Final = 16
TOKEN_LENGTH: Final = 22
KEPT: Final = timedelta(days=60)
"""How long a link is kept after its end, so that its address for stopping messages works."""

# Like the look-up of a credential, this query finds the clinic.
_FIND: Final = select(AskLink.clinic_id, AskLink.id).where(
    AskLink.digest == bindparam("digest", type_=LargeBinary())
)
_ANSWERS: Final = (
    select(func.count())
    .select_from(AskAnswer)
    .where(AskAnswer.clinic_id == CLINIC, AskAnswer.ask_id == Ask.id)
    .scalar_subquery()
    .label("answers")
)
_LOOK: Final = (
    rows(
        AskLink,
        AskLink.ask_id,
        AskLink.ends_at,
        AskLink.revoked_at,
        *(Ask.session_id, Ask.patient_id, Ask.channel, Ask.language.label("asked_in")),
        *(Ask.status, Ask.reason, Ask.due_at),
        Patient.language,
        _ANSWERS,
    )
    .join(Ask, and_(Ask.clinic_id == AskLink.clinic_id, Ask.id == AskLink.ask_id))
    .join(Patient, and_(Patient.clinic_id == Ask.clinic_id, Patient.id == Ask.patient_id))
    .where(AskLink.id == bindparam("id"))
)
_LOCK: Final = (
    rows(AskLink, AskLink.id).where(AskLink.id == bindparam("id")).with_for_update(of=AskLink)
)
_ANSWERED: Final = rows(AskAnswer, AskAnswer.follow_up_id).where(
    AskAnswer.ask_id == bindparam("ask_id"),
    AskAnswer.digest == bindparam("digest", type_=LargeBinary()),
)
_REVOKE: Final = update(AskLink).where(
    AskLink.clinic_id == CLINIC,
    AskLink.ask_id == bindparam("ended"),
    AskLink.revoked_at.is_(None),
)
_CLINICS: Final = select(LedgerHead.clinic_id).order_by(LedgerHead.clinic_id)
_ENDED: Final = rows(AskLink, AskLink.ask_id).where(AskLink.ends_at < bindparam("before")).limit(1)


class Found(NamedTuple):
    """Where a token leads."""

    clinic_id: UUID
    link_id: UUID


class Seen(NamedTuple):
    """What a page may know of a link. It never has the patient's name."""

    ask_id: UUID
    session_id: UUID
    patient_id: UUID
    channel: MessageChannel
    languages: tuple[str | None, ...]
    """The tags of the languages that the patient is asked in, the best first."""
    initial: str | None
    """The first letter of their name, if the address serves another patient too."""
    standing: Standing
    alarmed: bool
    """Whether an alert of the patient is open, and an answer came by the links of this ask."""

    @property
    def about(self) -> Reported:
        """What a report by the link is about."""
        return Reported((ASKS.noun, self.ask_id), self.patient_id, self.session_id)


def mint(op: Operation, ask_id: UUID, attempt_id: UUID) -> str:
    """Return the token of a new link for an attempt. Only its digest is stored.

    A token has 128 random bits. It belongs in the message and nowhere else.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = {
        "clinic_id": op.clinic_id,
        "id": uuid7(),
        "ask_id": ask_id,
        "attempt_id": attempt_id,
        "digest": _digest(token),
        "made_at": op.at,
        "ends_at": op.at + rules.LINKS_END_AFTER,
    }
    op.db.execute(insert(AskLink), row)
    return token


def find(db: Connection, token: str) -> Found | None:
    """Return where a token leads; None if nowhere. The connection has no clinic yet."""
    if len(token) != TOKEN_LENGTH:
        return None
    row = db.execute(_FIND, {"digest": _digest(token)}).first()
    return None if row is None else Found(row.clinic_id, row.id)


def operation(found: Found, name: str) -> Operation:
    """Return an operation of the clinic of a link. Its entries don't say whose link it is."""
    return Operation(name, server(found.clinic_id, "patient-link"), str(uuid7()))


def look(op: Operation, link_id: UUID) -> Seen:
    """Return what is stored of a link. It changes nothing. Or `NotFound`."""
    row = op.one(_LOOK, id=link_id)
    visit = _visit(op, row.session_id)
    consent = _consent(op, row, visit["episode_id"])
    address = consent.address if isinstance(consent, rules.MessageConsent) else None
    initial = address and queries.initial(op, row.patient_id, row.channel, address)
    return Seen(
        row.ask_id,
        row.session_id,
        row.patient_id,
        row.channel,
        (row.language, row.asked_in),
        initial,
        Standing(
            row.revoked_at is not None,
            row.ends_at,
            row.status,
            row.reason,
            row.due_at,
            visit["occurred_at"],
            visit["status"] == "void",
            visit["patient_id"] != row.patient_id,
            consent == "stopped",
            row.answers,
        ),
        row.answers > 0 and bool(alarming(op, [row.patient_id])),
    )


def _visit(op: Operation, session_id: UUID) -> SessionView:
    """Return a session as the ledger states it. Nobody's answer is lost for a spoilt row."""
    stated = statements.newest(op, SESSIONS.noun, [session_id]).get(session_id)
    if stated is None or stated.body is None:
        raise NotFound
    return SESSIONS.from_json(stated.body)


def _consent(
    op: Operation, row: Row[Any], episode_id: UUID | None
) -> rules.MessageConsent | AskReason:
    """Return what the patient decided about messages by the channel of a link."""
    decided = queries.message_consents(op, row.patient_id)
    of_channel = [each for each in decided if each.channel in {None, row.channel}]
    return rules.in_force(of_channel, clinic_day(op.at, op.zone), episode_id)


def locked(op: Operation, link_id: UUID) -> Seen:
    """Return the same, and let no other answer by this link come between. Or `NotFound`."""
    op.one(_LOCK, id=link_id)
    return look(op, link_id)


def answer(op: Operation, link_id: UUID, digest: bytes, body: FollowUpBody) -> LinkState:
    """Store what a patient answers, and return the state that their page shows.

    `digest` names the answer: one that came before is not stored again. It is refused, with the
    state, unless it is `answered`. Its red flags raise an alert in any case.
    """
    seen = locked(op, link_id)
    if op.first(_ANSWERED, ask_id=seen.ask_id, digest=digest) is not None:
        return "answered"
    now = state(seen.standing, op.at, GRACE)
    if now in TAKES:
        follow_up_id = _report(op, seen, body)
        if follow_up_id is not None:
            row = {
                "clinic_id": op.clinic_id,
                "ask_id": seen.ask_id,
                "digest": digest,
                "follow_up_id": follow_up_id,
                "answered_at": op.at,
            }
            op.db.execute(insert(AskAnswer), row)
            return "answered"
        now = "closed"
    if body.red_flags and now != "unknown":
        alarm(op, seen.about, body.red_flags)
    return now


def _report(op: Operation, seen: Seen, body: FollowUpBody) -> UUID | None:
    """Store a report and return its id; None if the visit takes no reports any more."""
    try:
        return store_report(op, seen.about, body)["id"]
    except Invalid:
        # The answer itself was checked. So its visit takes no reports any more.
        return None


def warn(op: Operation, link_id: UUID, red_flags: Sequence[RedFlag]) -> LinkState:
    """Raise the alert about red flags of an answer that can't be stored, whatever the link's state.

    Somebody who is told to call for help may never send the form again.
    """
    seen = locked(op, link_id)
    now = state(seen.standing, op.at, GRACE)
    if now != "unknown":
        alarm(op, seen.about, red_flags)
    return now


def say_not_me(op: Operation, link_id: UUID) -> LinkState:
    """End every link of an ask whose message reached somebody else, and tell the clinic."""
    seen = locked(op, link_id)
    if seen.standing.revoked:
        return "unknown"
    op.run(_REVOKE.values(revoked_at=op.at), {"ended": seen.ask_id})
    actions.not_me(op, seen.ask_id)
    return "not_me"


def stop(op: Operation, link_id: UUID) -> LinkState:
    """Withdraw the consent to messages by this channel. A link that has ended does it, too.

    But whoever said that the message isn't theirs doesn't stop those to an address that somebody
    has confirmed since.
    """
    seen = locked(op, link_id)
    renewed = seen.standing.revoked and not queries.reaches_another(
        op, seen.patient_id, seen.channel
    )
    if not seen.standing.stopped and not renewed:
        actions.stop(op, seen.patient_id, seen.channel, "The page of the link in a message")
    return "stopped"


def forget(database: Database, end: threading.Event | None = None) -> None:
    """Delete the links that ended long ago, in every clinic. The keeper calls it."""
    with database.reading() as db:
        clinics = list(db.execute(_CLINICS).scalars())
    for clinic_id in clinics:
        if end is not None and end.is_set():
            return
        op = operation(Found(clinic_id, clinic_id), "asks.forget-links")
        with database.reading(clinic_id) as db:
            op.begin(db)
            is_due = op.first(_ENDED, before=op.at - KEPT) is not None
        if is_due:
            perform(database, op, partial(_forget, op))


def _forget(op: Operation) -> None:
    before = {"before": op.at - KEPT}
    ended = select(AskLink.ask_id).where(
        AskLink.clinic_id == CLINIC, AskLink.ends_at < bindparam("before")
    )
    for table in (AskAnswer, AskLink):
        op.run(delete(table).where(table.clinic_id == CLINIC, table.ask_id.in_(ended)), before)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
