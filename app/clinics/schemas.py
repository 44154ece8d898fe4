"""The body and the view of a clinic."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from app.clinics.models import WhoseSessions
from app.core.http.patches import MergePatch
from app.core.values.clock import time_zones
from app.core.values.faults import RuleBroken
from app.core.values.wire import Body, Line

UNKNOWN_TIME_ZONE: Final = (
    "Give the name of an IANA time zone, such as America/Vancouver or Europe/Zurich."
)


def _known(time_zone: str) -> str:
    if time_zone not in time_zones():
        raise RuleBroken("unknown_time_zone", UNKNOWN_TIME_ZONE)
    return time_zone


TimeZone = Annotated[
    str,
    Field(
        max_length=64,
        description="The IANA time zone in which the clinic counts days, such as"
        " `America/Vancouver`.",
    ),
    AfterValidator(_known),
]


BASELINE_DAYS: Final = 14
BASELINE_DAYS_MAX: Final = 90
ABOUT_BASELINE_DAYS: Final = (
    "A baseline is the mean of the values from so many days before a course's first needles on."
)
BaselineDays = Annotated[int, Field(ge=0, le=BASELINE_DAYS_MAX, description=ABOUT_BASELINE_DAYS)]


class ClinicBody(Body):
    """The members of a clinic that a client may change."""

    name: Line
    """What the clinic calls itself."""
    time_zone: TimeZone = "UTC"
    whose_sessions: WhoseSessions = "own"
    """Whose sessions a practitioner may sign, amend or void."""
    baseline_days: BaselineDays = BASELINE_DAYS


class ClinicPatch(MergePatch):
    """A JSON Merge Patch of a clinic."""

    of = ClinicBody


class ClinicView(TypedDict, closed=True):
    """The clinic that the token belongs to."""

    id: UUID
    name: str
    time_zone: Annotated[
        str, Field(description="The IANA time zone in which the clinic counts days.")
    ]
    whose_sessions: Annotated[
        WhoseSessions,
        Field(description="Whose sessions a practitioner may sign, amend or void."),
    ]
    baseline_days: Annotated[int, Field(description=ABOUT_BASELINE_DAYS)]
    version: int
    created_at: datetime
