"""What records of several kinds have in common, for whoever reads them. Pure.

A view is declared once, as a `TypedDict`: it is the type of a record in Python, and its schema in
the API's document. It names all of its members, in the order in which an answer has them.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from typing_extensions import TypedDict

Reporter = Literal["patient", "practitioner"]
Side = Literal["left", "right", "midline"]


class RecordView(TypedDict):
    """What the view of every kind has: declare it there again, at its place among the others."""

    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime


class IdentifierView(TypedDict, closed=True):
    """What another system calls this record."""

    system: str
    """A URI or an agreed name."""
    value: str


class ReadingView(TypedDict):
    """One measured value and what it was measured with."""

    instrument: str
    items: list[float | None] | None
    """The answers that the value is scored from, null for one that is missing."""
    unit: str | None
    """UCUM: the instrument's own unit, or one that it is also taken in."""
    value: float
    activity: str | None
    """PSFS: which activity; null is the mean over them."""
    side: Side | None
    muscle: str | None
    reported_by: Reporter
