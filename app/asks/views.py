"""The view of an ask. Pure."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from typing_extensions import TypeAliasType, TypedDict

from app.safety.views import MessageChannel

AskStatus = TypeAliasType(
    "AskStatus",
    Literal["due", "sent", "unsure", "answered", "failed", "cancelled", "expired"],
)
"""`due`: no message went yet. `sent`: one went, and no answer came yet. `unsure`: the last message
may have gone or not, and only a person sends again. `failed`: it can't be delivered. `cancelled`:
something came between, see `reason`. `expired`: its time is over."""
AskReason = TypeAliasType(
    "AskReason",
    Literal[
        "void",
        "moved",
        "not_needled",
        "inactive",
        "deceased",
        "no_consent",
        "stopped",
        "open_alert",
        "serious_event",
        "not_me",
        "by_person",
        "refused",
        "bounced",
        "window_passed",
        "no_moment",
        "no_answer",
    ],
)
"""Why an ask has ended without an answer. `not_needled`: its session has no needlings any more.
`by_person`: the clinic cancelled it. `window_passed`: its hours passed. `no_moment`: quiet hours
left none. `no_answer`: its links ended. More may be added."""
AttemptKind = TypeAliasType("AttemptKind", Literal["first", "reminder", "again"])
"""The first message, the one reminder, or one that a person sent again."""
AttemptStatus = TypeAliasType("AttemptStatus", Literal["claimed", "sent", "unsure", "failed"])
"""`claimed`: it is being sent now. `sent`: the mail server or the clinic's own sender has it.
`unsure`: it may have gone or not. `failed`: it did not go, or it came back."""

AttemptOutcome = TypeAliasType("AttemptOutcome", Literal["sent", "failed", "opted_out"])
"""`sent`: it arrived, or was handed on. `failed`: it came back, or was given up. `opted_out`: the
patient wants no messages, so their consent to this channel is withdrawn."""


class AttemptView(TypedDict, closed=True):
    """One message. It has no address and no text."""

    id: UUID
    """The same each time that it is tried. An e-mail's Message-ID contains it."""
    at: datetime
    """When it was tried last, in UTC."""
    kind: AttemptKind
    """Which message it is."""
    channel: MessageChannel
    """How it went."""
    status: AttemptStatus
    """What became of it."""
    reason: str | None
    """Why it failed or is unsure, in plain words; null if it was sent."""


class AskView(TypedDict, closed=True):
    """The question to a patient, how they are after a visit."""

    id: UUID
    session_id: UUID
    """The visit that the patient is asked about."""
    patient_id: UUID
    due_at: datetime | None
    """When the first message is due, in UTC; null if quiet hours leave no moment."""
    channel: MessageChannel
    """How the patient is asked. Each message uses the consent that is in force when it goes."""
    language: str
    """The language of the last message, or else of the next one: a BCP 47 tag."""
    status: AskStatus
    """How far it has come."""
    reason: AskReason | None
    """Why it ended without an answer; null while it goes on, and if it was answered."""
    note: str | None
    """What the person wrote who cancelled it; null if nobody did."""
    sent_at: datetime | None
    """When a message went last, in UTC; null if none did."""
    answered_by: UUID | None
    """The follow-up that answers it; null if there is none."""
    next_at: datetime | None
    """When the next message is due, in UTC; null if none is."""
    next_kind: AttemptKind | None
    """Which message is next; null if none is."""
    attempts: list[AttemptView]
    """The messages, oldest first."""
    version: int
    created_at: datetime
    updated_at: datetime
