"""What the console shows of asks: who is due a call, who was asked, and who has not answered."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import and_, bindparam, case, func, or_

from app.asks import queries, rules
from app.asks.models import Ask
from app.asks.service import ASKS
from app.asks.service.actions import refusal
from app.asks.views import AskView
from app.core.db.dialects import among
from app.core.http.pages import Filters, Order, page
from app.core.operation import Operation, rows
from app.core.values.access import Scope
from app.core.values.clock import clinic_day, uuid7_at
from app.languages.rules.names import english_name
from app.patients.service import PATIENTS
from app.records.queries import records_for_answer
from app.sessions.models import TreatmentSession
from app.web.console import access
from app.web.console.chart import plain

CALLED_WITHIN: Final = timedelta(days=14)
"""How long after it was planned an ask may need a call. Links are good as long."""
COUNTED: Final = timedelta(days=30)
_ORDER: Final = Order((Ask.id,), descending=True)
TO_CALL: Final = and_(
    or_(
        Ask.status.in_(("unsure", "failed")),
        and_(Ask.status == "sent", Ask.next_at.is_(None)),
        and_(Ask.reason == "not_me", Ask.note.is_(None), queries.UNCONFIRMED),
    ),
    Ask.id >= bindparam("called_since"),
)
"""Which asks are due a call. Its parameters are those of `called`."""
TABS: Final[Mapping[str, tuple[str, Any]]] = {
    "call": ("To call", TO_CALL),
    "due": ("Due", Ask.status == "due"),
    "sent": ("Sent", Ask.status == "sent"),
    "unsure": ("Unsure", Ask.status == "unsure"),
    "answered": ("Answered", Ask.status == "answered"),
    "failed": ("Failed", Ask.status == "failed"),
    "cancelled": ("Cancelled", Ask.status == "cancelled"),
    "expired": ("Not answered", Ask.status == "expired"),
}
"""The lists of the page, by the value of `show`: what each is called, and which asks it has."""
_LISTS: Final = {
    name: (_ORDER.start(found), _ORDER.after(found))
    for name, found in (
        (name, rows(Ask, Ask.id).where(clause)) for name, (_, clause) in TABS.items()
    )
}
_COUNTS: Final = rows(
    Ask, *(func.count().filter(clause).label(name) for name, (_, clause) in TABS.items())
).where(Ask.id >= bindparam("counted_since"))
_CALLS: Final = rows(Ask, func.count()).where(TO_CALL)
_WAITING: Final = (
    rows(Ask, Ask.patient_id, func.max(case((Ask.status == "sent", 1), else_=0)).label("silent"))
    .where(TO_CALL, among(Ask.patient_id, "ids"))
    .group_by(Ask.patient_id)
)
_OF_PATIENT: Final = (
    rows(Ask, Ask.id)
    .where(TO_CALL, Ask.patient_id == bindparam("patient_id"))
    .order_by(Ask.id.desc())
    .limit(10)
)
_VISITS: Final = rows(
    TreatmentSession,
    *(TreatmentSession.id, TreatmentSession.occurred_at, TreatmentSession.practitioner_id),
).where(among(TreatmentSession.id, "ids"))
_LAST_NEEDLED: Final = (
    rows(TreatmentSession, TreatmentSession.id, TreatmentSession.occurred_at)
    .where(
        TreatmentSession.patient_id == bindparam("patient_id"),
        TreatmentSession.attendance == "attended",
        TreatmentSession.status != "void",
        queries.NEEDLED,
    )
    .order_by(TreatmentSession.occurred_at.desc(), TreatmentSession.id.desc())
    .limit(1)
)
REASONS: Final[Mapping[str, str]] = {
    "void": "The visit was voided.",
    "moved": "The visit was moved to another patient.",
    "not_needled": "Nobody was needled at the visit.",
    "inactive": "The patient's record is not active.",
    "deceased": "The patient has died.",
    "no_consent": "The patient has not consented to messages.",
    "stopped": "The patient asked for no more messages.",
    "open_alert": "There is an open alert about the patient.",
    "serious_event": "There was a serious adverse event.",
    "not_me": "Somebody else got the message. Ask the patient for the right address, and store"
    " a new consent to messages.",
    "by_person": "Somebody here cancelled it.",
    "refused": "The address was refused.",
    "bounced": "The message came back.",
    "window_passed": "It is more than 60 hours since the visit.",
    "no_moment": "Quiet hours left no moment for a message.",
    "no_answer": "The link ended, and no answer came.",
    "answered": "The patient has answered already.",
    "being_sent": "A message is being sent now.",
    "too_often": "People here have sent it again three times.",
    "too_early": "It is less than 18 hours since the visit.",
    "too_late": "It is more than 60 hours since the visit.",
}
"""Why an ask ended, or why no message may go, in words."""


class Shown(NamedTuple):
    """An ask as a page shows it."""

    ask: Any
    """As JSON."""
    person: Any
    """The patient as JSON; None if the client may not read them."""
    visit_at: str | None
    """When the visit was; only the day if the client may not read sessions.

    Whoever may see asks may know the day: a caller has to name it.
    """
    practitioner: str | None
    """Who treated, as the caller has to tell them of danger; None if they may not read names."""
    speaks: str | None
    """The patient's language, in English words; None if it is not recorded."""
    reason: str | None
    """Why it has ended without an answer, in words."""

    @property
    def patient_id(self) -> str:
        """The id of the patient."""
        return str(self.ask["patient_id"])


class Listed(NamedTuple):
    """One of the lists, with the cursor of what follows it."""

    asks: list[Shown]
    cursor: str | None


def counts(op: Operation) -> dict[str, int]:
    """Return how many asks each list has: to call in all, the others of the last 30 days."""
    found = op.one(_COUNTS, counted_since=_since(op, COUNTED), **called(op))
    return {name: getattr(found, name) for name in TABS}


def calls(op: Operation) -> int:
    """Return how many patients' visits are due a call."""
    number: int = op.one(_CALLS, **called(op))[0]
    return number


def listed(op: Operation, show: str, filters: Filters) -> Listed:
    """Return one of the lists, newest first, as far as the client may read what it names."""
    statement = _LISTS[show][0 if filters.cursor is None else 1]
    found, cursor = page(op, statement, _ORDER, filters, **called(op))
    return Listed(shown(op, _asks(op, [row.id for row in found])), cursor)


def waiting(op: Operation, people: Sequence[UUID]) -> dict[str, str]:
    """Return the words for those patients of a list who are due a call, by their id as text."""
    if not op.caller.may(Scope.ASKS_READ) or not people:
        return {}
    found = op.all(_WAITING, ids=list(people), **called(op))
    return {str(row.patient_id): "No answer" if row.silent else "To call" for row in found}


def unanswered(op: Operation, patient_id: UUID) -> list[Shown]:
    """Return a patient's asks that are due a call, newest first."""
    if not op.caller.may(Scope.ASKS_READ):
        return []
    ids = [row.id for row in op.all(_OF_PATIENT, patient_id=patient_id, **called(op))]
    return shown(op, _asks(op, ids))


def _asks(op: Operation, ids: Sequence[UUID]) -> list[AskView]:
    return sorted(records_for_answer(op, ASKS, ids), key=lambda ask: ask["id"], reverse=True)


class LastVisit(NamedTuple):
    """A patient's last visit with needles, about which they may be called."""

    id: str
    at: str
    """When it was; only the day if the client may not read sessions."""


def last_visit(op: Operation, patient_id: UUID) -> LastVisit | None:
    """Return a patient's last visit with needles; None without one, or if they may not report."""
    if not op.caller.may(Scope.FOLLOW_UPS_WRITE):
        return None
    found = op.first(_LAST_NEEDLED, patient_id=patient_id)
    return None if found is None else LastVisit(str(found.id), when(op, found.occurred_at))


def called(op: Operation) -> dict[str, UUID]:
    """Return the parameters of `TO_CALL`."""
    return {"called_since": _since(op, CALLED_WITHIN)}


def _since(op: Operation, span: timedelta) -> UUID:
    """The least id of what was made within this time."""
    return uuid7_at(int((op.at - span).timestamp() * 1000), bytes(10))


def shown(op: Operation, asks: Sequence[AskView]) -> list[Shown]:
    """Return asks with their patients and visits, as far as the client may read these."""
    may, people, visits = op.caller.may, {}, {}
    if may(Scope.PATIENTS_READ):
        ids = sorted({ask["patient_id"] for ask in asks})
        people = {one["id"]: plain(one) for one in records_for_answer(op, PATIENTS, ids)}
    if asks:
        found = op.all(_VISITS, ids=sorted({ask["session_id"] for ask in asks}))
        visits = {row.id: row for row in found}
    names = access.practitioners(op, [row.practitioner_id for row in visits.values()])
    return [
        Shown(
            plain(ask),
            people.get(ask["patient_id"]),
            None if visit is None else when(op, visit.occurred_at),
            None if visit is None else names.get(str(visit.practitioner_id)),
            speaks(people.get(ask["patient_id"])),
            None if ask["reason"] is None else REASONS[ask["reason"]],
        )
        for ask in asks
        for visit in [visits.get(ask["session_id"])]
    ]


def when(op: Operation, at: datetime) -> str:
    """Return the time of a visit; only its day for those who may not read sessions."""
    return _text(at) if op.caller.may(Scope.SESSIONS_READ) else str(clinic_day(at, op.zone))


def speaks(person: Any) -> str | None:
    """Return a patient's language, in English words; None if it is not recorded."""
    tag = person and person["language"]
    return english_name(tag) if tag else None


def why_not(op: Operation, ask: AskView) -> str | None:
    """Return why a person can't send a message again, in words; None if they can."""
    reason = refusal(op, ask)
    return None if reason is None else REASONS[reason]


class Messages(NamedTuple):
    """Whether a patient may be asked by messages."""

    state: str
    """`given`, `stopped`, `never`; or `not_me`: somebody else gets what is sent there."""
    channel: str | None = None
    address: str | None = None
    since: str | None = None
    """When they decided."""


def messages(op: Operation, patient_id: UUID) -> Messages | None:
    """Return whether a patient may be asked; None if the client may not read consents."""
    if not op.caller.may(Scope.CONSENTS_READ):
        return None
    consents = queries.message_consents(op, patient_id)
    found = rules.in_force(consents, clinic_day(op.at, op.zone), None)
    if isinstance(found, rules.MessageConsent):
        elsewhere = queries.reaches_another(op, patient_id, found.channel or "email")
        state = "not_me" if elsewhere else "given"
        return Messages(state, found.channel, found.address, _text(found.decided_at))
    if found == "stopped":
        last = max(one.decided_at for one in consents)
        return Messages("stopped", since=_text(last))
    return Messages("never")


def _text(at: datetime) -> str:
    return str(plain(at))
