"""The view of a practitioner. Pure."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from typing_extensions import TypeAliasType, TypedDict

from app.records.views import IdentifierView

CredentialKind = TypeAliasType("CredentialKind", Literal["gunn_ims", "dry_needling", "acupuncture"])
"""The training that a certificate proves."""
PractitionerStatus = TypeAliasType("PractitionerStatus", Literal["active", "inactive"])
"""Whether a practitioner may be named in new sessions."""


class CredentialView(TypedDict, closed=True):
    """A training or licence, and the days on which it is valid."""

    kind: CredentialKind
    body: str
    """The organization that issued it."""
    number: str
    valid_from: date
    valid_to: date | None
    """The last day; null for no end."""


class _Practitioner(TypedDict):
    id: UUID
    given_name: str | None
    family_name: str | None
    identifiers: list[IdentifierView]
    credentials: list[CredentialView]
    status: PractitionerStatus
    """Whether they may be named in new sessions."""
    inactive_from: date | None
    """The first day on which they are inactive; null also if they were so before days existed."""
    version: int
    created_at: datetime
    updated_at: datetime


class PractitionerView(_Practitioner, closed=True):
    """A practitioner."""


class EndedView(TypedDict, closed=True):
    """What ended because a practitioner became inactive, as ids."""

    devices: list[UUID]
    """The devices that can't be used any more."""
    identities: list[UUID]
    """The links to the identity provider that don't work any more."""
    accounts: list[UUID]
    """The accounts with which they can't sign in any more."""
    clients: list[UUID]
    """The API keys and back ends that their devices and sign-ins made."""
    emergencies: list[UUID]
    """The emergency access that ended."""
    notice: str | None
    """What somebody must look at, such as that no owner can sign in any more; null if nothing."""


class WrittenPractitionerView(_Practitioner, closed=True):
    """A practitioner after a write, and what this write ended."""

    ended: EndedView | None
    """Null if nothing had to end."""
