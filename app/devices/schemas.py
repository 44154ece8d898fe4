"""Bodies and views of devices."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.auth.schemas import DESCENDANTS, Scopes
from app.core.values.wire import Body, Line, example
from app.credentials.views import DescendantView, PersonalMembers


class DeviceBody(Body):
    """A new device of a practitioner."""

    model_config = example(
        name="Tablet, room 2",
        practitioner_id="019c8b3a-9c00-7cea-a442-115a08b8dfb3",
        scopes=["patients:read", "sessions:read", "sessions:write"],
    )

    name: Line
    """What to call it in the ledger, such as the room it stands in."""
    practitioner_id: Annotated[UUID, Field(description="The practitioner for whom it acts.")]
    scopes: Scopes


class _Device(PersonalMembers):
    code_expires_at: Annotated[datetime, Field(description="Until when its code can be used.")]
    enrolled_at: Annotated[datetime | None, Field(description="When its code was used.")]
    made_by: Annotated[
        UUID | None,
        Field(description="The client that made it, and with which it ends; null: command line."),
    ]


class DeviceView(_Device, closed=True):
    """A device."""


class NewDeviceView(_Device, closed=True):
    """A new device, with the code to enrol it. The code is shown only here."""

    enrolment_code: str
    """The code to type into the device. It works once, within ten minutes."""


class RevokedDeviceView(_Device, closed=True):
    """A device that was revoked."""

    descendants: Annotated[list[DescendantView], Field(description=DESCENDANTS)]
