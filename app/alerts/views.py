"""The view of an alert. Pure."""

from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from typing_extensions import TypeAliasType, TypedDict

from app.deliveries.views import DeliveryView

_RedFlag: TypeAlias = Literal[
    "breathlessness",
    "chest_pain",
    "dry_cough",
    "fever_or_spreading_redness",
    "new_numbness_or_weakness",
    "fainting",
]
RedFlag = TypeAliasType("RedFlag", _RedFlag)
"""A sign after needling that needs a person to look at the patient at once."""
AlertReason = TypeAliasType(
    "AlertReason",
    Literal[
        _RedFlag,
        "serious_adverse_event",
        "differs_from_ledger",
        "emergency_series",
        "before_alerts",
    ],
)
"""Why an alert was raised: a red flag of a follow-up, a serious adverse event, a row that isn't
what the ledger states, four or more openings of emergency access within an hour, or a session that
was marked before there were alerts. New reasons may be added."""
AlertStatus = TypeAliasType("AlertStatus", Literal["open", "acknowledged"])
"""Whether somebody has acknowledged it."""
AlertAction = TypeAliasType("AlertAction", Literal["called", "seen", "sent_to_emergency", "other"])
"""What was done: the patient was called, was seen, or was sent to an emergency department."""


class AlertSourceView(TypedDict, closed=True):
    """What raised an alert."""

    resource: str
    """The kind of record, as in the ledger: `follow_ups`, `adverse_events` and so on."""
    id: UUID


class AlertNoteView(TypedDict, closed=True):
    """A note that somebody added to an alert."""

    note: str
    written_by: str
    """Who wrote it."""
    written_at: datetime
    """When they wrote it, in UTC."""


class _Alert(TypedDict):
    id: UUID
    patient_id: UUID | None
    """The patient; null if it is about no patient, such as a damaged row."""
    session_id: UUID | None
    """The session that the source belongs to; null if there is none."""
    source: AlertSourceView
    """The record that raised it."""
    reasons: list[AlertReason]
    """Why it was raised. While it is open, further reasons of the same source join."""
    raised_at: datetime
    """When the server raised it, in UTC."""
    status: AlertStatus
    """Whether somebody has looked at it."""
    acknowledged_by: str | None
    """Who acknowledged it; null while it is open."""
    acknowledged_at: datetime | None
    """When they did so, in UTC; null while it is open."""
    action: AlertAction | None
    """What was done; null while it is open."""
    note: str | None
    """What they wrote about it; null if nothing."""
    notes: list[AlertNoteView]
    """Further notes, oldest first. A mistaken acknowledgement is corrected by one."""
    version: int
    created_at: datetime
    updated_at: datetime


class AlertView(_Alert, closed=True):
    """Something that a person must look at."""


class AlertWithDeliveriesView(_Alert, closed=True):
    """Something that a person must look at, and who was told of it."""

    deliveries: list[DeliveryView]
    """The messages about it, oldest first: one for each recipient and round."""


class RaisedAlertView(TypedDict, closed=True):
    """An open alert, as whoever raised it is told of it."""

    id: UUID
    recipients: int
    """How many people are told of it, one after the other, until somebody acknowledges it."""
    notice: str | None
    """If nobody is told: that nobody may read it in time, and whom to call. Show it at once."""
    emergency_number: str | None
    """The clinic's setting; null if it has none."""
