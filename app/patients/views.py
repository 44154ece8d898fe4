"""The view of a patient. Pure."""

from datetime import date, datetime
from typing import Literal, NotRequired
from uuid import UUID

from typing_extensions import TypeAliasType, TypedDict

from app.records.views import DuplicateView, IdentifierView

Sex = TypeAliasType("Sex", Literal["female", "male", "other", "unknown"])
"""As recorded for the patient; `unknown` if it was asked and not learnt."""
PatientStatus = TypeAliasType("PatientStatus", Literal["active", "inactive"])
"""Whether the clinic still treats the patient."""

WordField = TypeAliasType("WordField", Literal["name", "identifier"])
"""What a word that finds a patient is taken from."""


class _Patient(TypedDict):
    id: UUID
    identifiers: list[IdentifierView]
    given_name: str | None
    family_name: str | None
    birth_date: str | None
    """YYYY-MM-DD; YYYY-MM or YYYY where no more is known."""
    sex: Sex | None
    phone: str | None
    email: str | None
    language: str | None
    deceased_on: date | None
    """The day on which the patient died; null if they live, or nobody said so."""
    status: PatientStatus
    version: int
    created_at: datetime
    updated_at: datetime


class PatientView(_Patient, closed=True):
    """A patient."""


class CreatedPatientView(_Patient, closed=True):
    """A patient after they were added, and those whom they resemble."""

    possible_duplicates: NotRequired[list[DuplicateView]]
    """Stored patients who may be the same person. Absent if nobody resembles them."""


class PatientSearchView(TypedDict, closed=True):
    """What a search for patients found."""

    items: list[PatientView]
    """The patients. With `q` the best come first."""
    similar: list[UUID]
    """The ids of the items that were found only by forgiving a typing error. They come last."""
    more: bool
    """Whether more patients match than this answer has."""
    next: str | None
    """The absolute URL of the next page; null at the end of the list, and with `q`."""
    next_cursor: str | None
    """The cursor of the next page, with the same body; null at the end, and with `q`."""
