"""The view of a caller."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from app.auth.models import Kind
from app.core.values.access import Role


class CallerClinicView(TypedDict, closed=True):
    """The clinic of the token."""

    id: UUID
    name: str
    """What the clinic calls itself."""
    time_zone: Annotated[
        str,
        Field(description="The IANA time zone in which the clinic counts days."),
    ]


class CallerClientView(TypedDict, closed=True):
    """The client that the token was issued to."""

    id: UUID
    name: str
    """What the clinic calls this client."""
    kind: Kind
    """How the client proves who it is."""
    expires_at: Annotated[
        datetime | None, Field(description="When the client expires; null: it doesn't.")
    ]


class CallerAccountView(TypedDict, closed=True):
    """The account of the person who calls."""

    role: Role
    """What the person does in the clinic, which decides their rights."""
    sign_in_name: str
    """What the person types to sign in."""


class MeView(TypedDict, closed=True):
    """Who calls, and what they may do."""

    clinic: CallerClinicView
    """The clinic that the token decides. No request names one."""
    client: CallerClientView
    """The program, device or sign-in that holds the token."""
    account: Annotated[
        CallerAccountView | None,
        Field(description="The person's account; null for a program, a device or an identity."),
    ]
    practitioner_id: Annotated[
        UUID | None, Field(description="The practitioner who acts; null if a program acts.")
    ]
    scopes: Annotated[
        list[str],
        Field(description="What the token may do now, with any open emergency access; sorted."),
    ]
    catalogue_version: Annotated[
        str, Field(description="The version of the muscle catalogue that new sessions store.")
    ]
    time: Annotated[datetime, Field(description="The server's time.")]
