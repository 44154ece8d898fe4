"""The view of a patient. Pure."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from typing_extensions import TypedDict

from app.records.views import IdentifierView

Sex = Literal["female", "male", "other", "unknown"]
Status = Literal["active", "inactive"]


class PatientView(TypedDict, closed=True):
    """A patient."""

    id: UUID
    identifiers: list[IdentifierView]
    given_name: str | None
    family_name: str | None
    birth_date: date | None
    sex: Sex | None
    phone: str | None
    email: str | None
    language: str | None
    status: Status
    version: int
    created_at: datetime
    updated_at: datetime
