"""The body and the view of a clinic."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from app.clinics.models import WhoseSessions
from app.core.http.patches import MergePatch
from app.core.values.wire import Body, Line


class ClinicBody(Body):
    """The members of a clinic that a client may change."""

    name: Line
    """What the clinic calls itself."""
    whose_sessions: WhoseSessions = "own"
    """Whose sessions a practitioner may sign, amend or void."""


class ClinicPatch(MergePatch):
    """A JSON Merge Patch of a clinic."""

    of = ClinicBody


class ClinicView(TypedDict, closed=True):
    """The clinic that the token belongs to."""

    id: UUID
    name: str
    whose_sessions: Annotated[
        WhoseSessions,
        Field(description="Whose sessions a practitioner may sign, amend or void."),
    ]
    version: int
    created_at: datetime
