"""The view of a practitioner. Pure."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from typing_extensions import TypedDict

from app.records.views import IdentifierView

Training = Literal["gunn_ims", "dry_needling", "acupuncture"]
Status = Literal["active", "inactive"]


class CredentialView(TypedDict, closed=True):
    """A training or licence, and the days on which it is valid."""

    kind: Training
    body: str
    """The organization that issued it."""
    number: str
    valid_from: date
    valid_to: date | None
    """The last day; null for no end."""


class PractitionerView(TypedDict, closed=True):
    """A practitioner."""

    id: UUID
    given_name: str
    family_name: str
    identifiers: list[IdentifierView]
    credentials: list[CredentialView]
    status: Status
    version: int
    created_at: datetime
    updated_at: datetime
