"""When a patient may be asked, and whether. Pure.

Hours count from the visit's end. They are real hours, whatever the clocks do. Quiet hours are those
of the clock in the clinic's time zone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from app.asks.views import AskReason, AskView, AttemptKind
from app.clinics.views import QuietHoursView
from app.safety.views import MessageChannel

USUAL_QUIET: Final[QuietHoursView] = {"from": "21:00", "to": "08:00"}
"""What counts if the clinic sets no quiet hours."""
STEP: Final = timedelta(minutes=1)
LEAD: Final = timedelta(minutes=5)
"""A moment before quiet hours is at least so early. A message that waits for others goes too."""
LINKS_END_AFTER: Final = timedelta(days=14)


class Span(NamedTuple):
    """The time after a visit's end in which a message may go, and the moment that is aimed at."""

    begin: timedelta
    aim: timedelta
    end: timedelta


SPANS: Final[dict[AttemptKind, Span]] = {
    "first": Span(timedelta(hours=18), timedelta(hours=24), timedelta(hours=36)),
    "reminder": Span(timedelta(hours=36), timedelta(hours=48), timedelta(hours=60)),
    "again": Span(timedelta(hours=18), timedelta(hours=24), timedelta(hours=60)),
}
"""Soreness after needling is asked for at 24 to 48 hours. These are the windows of follow-ups."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """A clinic's quiet hours."""

    hours: QuietHoursView
    zone: ZoneInfo

    def at(self, moment: datetime) -> bool:
        """Return whether it is quiet at a moment, by the clock of the zone."""
        clock = f"{moment.astimezone(self.zone):%H:%M}"
        begin, end = self.hours["from"], self.hours["to"]
        if begin < end:
            return begin <= clock < end
        return clock >= begin or clock < end

    def suits(self, moment: datetime) -> bool:
        """Return whether a message may go at a moment, and shortly after."""
        return not self.at(moment) and not self.at(moment + LEAD)


def planned(kind: AttemptKind, ended_at: datetime, at: datetime, quiet: Quiet) -> datetime | None:
    """Return when a message goes: the moment nearest to what is aimed at, from `at` on.

    None if the time for it is over, or if quiet hours leave no moment. `ended_at` and `at` are in
    UTC. Of two moments that are equally near, the earlier one counts.
    """
    span = SPANS[kind]
    begin, end = max(ended_at + span.begin, at), ended_at + span.end
    start = max(begin, ended_at + span.aim)
    earlier, later = start, start + STEP
    while begin <= earlier < end or later < end:
        if begin <= earlier < end and quiet.suits(earlier):
            return earlier
        if later < end and quiet.suits(later):
            return later
        earlier, later = earlier - STEP, later + STEP
    return None


def is_within(kind: AttemptKind, ended_at: datetime, at: datetime) -> bool:
    """Return whether a message of this kind may go at an instant, apart from quiet hours."""
    span = SPANS[kind]
    return ended_at + span.begin <= at < ended_at + span.end


def first_made(attempt_id: UUID) -> datetime:
    """Return when an attempt was made first: its id is a UUID of version 7, which says so."""
    return datetime.fromtimestamp((attempt_id.int >> 80) / 1000, UTC)


def waits_since(ask: AskView) -> datetime | None:
    """Return when the next message was tried first, in vain so far. None if it wasn't tried."""
    last = ask["attempts"][-1] if ask["attempts"] else None
    if last is None or last["kind"] != ask["next_kind"]:
        return None
    return first_made(last["id"]) if last["status"] in {"claimed", "failed"} else None


class MessageConsent(NamedTuple):
    """What a patient decided about messages."""

    channel: MessageChannel | None
    """None: every channel."""
    address: str | None
    decision: str
    obtained_at: datetime
    withdrawn_at: datetime | None
    valid_until: date | None
    episode_id: UUID | None

    @property
    def decided_at(self) -> datetime:
        """When they decided that."""
        return self.withdrawn_at or self.obtained_at


def in_force(
    consents: Iterable[MessageConsent], day: date, episode_id: UUID | None
) -> MessageConsent | AskReason:
    """Return the consent by which a patient is asked about a visit, or why there is none.

    The last decision for each channel counts, and of two channels the one that was chosen last. At
    one instant, a refusal counts more than a consent. A consent for one episode allows no message
    about another one. One that has expired doesn't count.
    """
    listed = sorted(
        (consent for consent in consents if _concerns(consent, day, episode_id)),
        key=lambda consent: (consent.decided_at, consent.decision != "given"),
    )
    chosen: dict[str | None, MessageConsent] = {}
    for consent in listed:
        if consent.channel is None:
            chosen.clear()
        chosen[consent.channel] = consent
    given = [consent for consent in chosen.values() if consent.decision == "given"]
    if given:
        return max(given, key=lambda consent: consent.decided_at)
    return "stopped" if chosen else "no_consent"


def _concerns(consent: MessageConsent, day: date, episode_id: UUID | None) -> bool:
    if consent.decision == "given":
        is_valid = consent.valid_until is None or day <= consent.valid_until
        return is_valid and consent.episode_id in {None, episode_id}
    return None in {consent.episode_id, episode_id} or consent.episode_id == episode_id


class Known(NamedTuple):
    """What is known of a visit and its patient when a message is planned or sent."""

    session_status: str
    signed_here: bool
    """Whether it was signed here. Nobody is asked about a visit that was imported as signed."""
    session_patient: UUID
    attendance: str
    needled: bool
    occurred_at: datetime
    duration_min: int | None
    episode_id: UUID | None
    patient_status: str
    deceased_on: date | None
    language: str | None
    """The patient's language, as it was recorded."""
    answer: UUID | None
    """The first report of the visit that answers an ask."""
    open_alert: bool
    serious_event: bool

    @property
    def ended_at(self) -> datetime:
        """When the visit ended; when it began if nobody said how long it took."""
        return self.occurred_at + timedelta(minutes=self.duration_min or 0)


def obstacle(known: Known, patient_id: UUID) -> AskReason | None:
    """Return why a patient is not to be asked, apart from their consent; None if they may be.

    A closed episode is no reason.
    """
    reasons: Sequence[tuple[bool, AskReason]] = (
        (known.session_status == "void", "void"),
        (known.session_patient != patient_id, "moved"),
        (known.attendance != "attended" or not known.needled, "not_needled"),
        (known.deceased_on is not None, "deceased"),
        (known.patient_status != "active", "inactive"),
        (known.serious_event, "serious_event"),
        (known.open_alert, "open_alert"),
    )
    return next((reason for holds, reason in reasons if holds), None)
