"""The parts of views that several kinds share. Pure.

A view is declared once, as a `TypedDict`. It is the type of a record in Python, and its schema in
OpenAPI. It names all members, in the order of the answer.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from typing_extensions import TypeAliasType, TypedDict

Reporter = TypeAliasType("Reporter", Literal["patient", "practitioner"])
"""Who says it: the patient or the practitioner."""
Side = TypeAliasType("Side", Literal["left", "right", "midline"])
"""The patient's own side, not the viewer's."""


class RecordView(TypedDict):
    """The members of every view. Each view declares them again, to set their place in the order."""

    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime


class IdentifierView(TypedDict, closed=True):
    """What another system calls this record."""

    system: str
    """A URI or an agreed name."""
    value: str


Likeness = TypeAliasType(
    "Likeness", Literal["names_and_birth_date", "names_and_identifier", "same_visit"]
)
"""Why a record may be stored already: the names and the birth date are the same; the names and the
value of an identifier; or the patient, the practitioner and the time."""
OnDuplicate = TypeAliasType("OnDuplicate", Literal["accept", "reject"])
"""Whether a record that resembles a stored one is created all the same."""


class DuplicateView(TypedDict, closed=True):
    """A stored record that a new one resembles. A person decides whether they are one."""

    id: UUID
    """The id of the stored record."""
    why: Likeness
    """In what the two are alike."""


class ReadingView(TypedDict):
    """One measured value and what it was measured with."""

    instrument: str
    items: list[float | None] | None
    """The answers that the value is scored from; null for a missing answer."""
    unit: str | None
    """UCUM: the instrument's own unit, or another one that it allows."""
    value: float
    """The value in the unit that it was sent in."""
    activity: str | None
    """PSFS: the activity; null for the mean of all activities."""
    side: Side | None
    muscle: str | None
    movement: str | None
    """The movement that was measured, as in `/v1/movements`; null for others."""
    reported_by: Reporter
