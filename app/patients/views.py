"""The view of a patient. Pure."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from typing_extensions import TypeAliasType, TypedDict

from app.records.views import IdentifierView

Sex = TypeAliasType("Sex", Literal["female", "male", "other", "unknown"])
"""As recorded for the patient; `unknown` if it was asked and not learnt."""
PatientStatus = TypeAliasType("PatientStatus", Literal["active", "inactive"])
"""Whether the clinic still treats the patient."""


class PatientView(TypedDict, closed=True):
    """A patient."""

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
    status: PatientStatus
    version: int
    created_at: datetime
    updated_at: datetime
