"""The body and the view of a clinic."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from typing_extensions import TypedDict

from app.clinics import rules
from app.clinics.models import WhoseSessions
from app.clinics.views import (
    AlertRecipientView,
    DeliveryChannel,
    HoursView,
    MessagesView,
    QuietHoursView,
    Weekday,
)
from app.core.http.outgoing import check_address
from app.core.http.patches import MergePatch
from app.core.values.clock import time_zones
from app.core.values.faults import RuleBroken, check_distinct
from app.core.values.wire import ONE_LINE, Body, Line, Statement
from app.records.schemas import Language

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


HOURS_MAX: Final = 14
RECIPIENTS_MAX: Final = 10
LANGUAGES_MAX: Final = 50

ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Phone = Annotated[str, Field(min_length=1, max_length=50), ONE_LINE]


def _with_digits(number: str) -> str:
    """Require a digit: words alone can't be called. Words may stand beside it: `911 or 112`."""
    if not any(map(str.isdecimal, number)):
        raise RuleBroken("no_digits", "Give the number to call, in digits.")
    return number


class HoursBody(Body):
    """Hours that come every week, in the clinic's time zone."""

    days: Annotated[list[Weekday], Field(min_length=1, max_length=7)]
    """The days on which they begin."""
    begin: Annotated[
        ClockTime,
        Field(alias="from", description="When they begin, as HH:MM, from 00:00 to 23:59."),
    ]
    end: Annotated[
        ClockTime,
        Field(
            alias="to",
            description="When they end, as HH:MM. At or before `from`, it is on the next day.",
        ),
    ]

    @field_validator("days")
    @classmethod
    def _once(cls, days: list[Weekday]) -> list[Weekday]:
        check_distinct(days)
        return days


Hours = Annotated[list[HoursBody], Field(max_length=HOURS_MAX)]


def _postable(address: str) -> str:
    check_address(address)
    return address


PostAddress = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_postable)]


class AlertRecipientBody(Body):
    """Somebody who is told of alerts."""

    name: Line
    """Who it is, as the record of messages names them. Each recipient has another name."""
    channel: DeliveryChannel
    """How messages reach them."""
    to: Annotated[str, Field(min_length=1, max_length=2000)]
    """For `email`, their address; for `post`, the https address of the clinic's program."""
    hours: Hours = []
    """When they are on duty; empty: always. Those on duty are told first, then the others."""

    @field_validator("to")
    @classmethod
    def _reachable(cls, to: str, info: ValidationInfo) -> str:
        if info.data.get("channel") == "post":
            check_address(to)
        else:
            rules.check_email(to)
        return to


class QuietHoursBody(Body):
    """Hours of every day in which no patient gets a message, in the clinic's time zone."""

    begin: Annotated[
        ClockTime,
        Field(alias="from", description="When they begin, as HH:MM, from 00:00 to 23:59."),
    ]
    end: Annotated[
        ClockTime,
        Field(alias="to", description="When they end, as HH:MM. Before `from`: on the next day."),
    ]

    @field_validator("end")
    @classmethod
    def _leave_time(cls, end: str, info: ValidationInfo) -> str:
        rules.check_quiet(info.data.get("begin"), end)
        return end


class MessagesBody(Body):
    """How the clinic's messages reach patients, and whom they say they are from."""

    sender: Line
    """The name that messages are from. It says nothing about the treatment."""
    post_to: PostAddress | None = None
    """The https address of the clinic's own sender, for consents with the channel `post`; null if
    there is none."""


class ClinicBody(Body):
    """The members of a clinic that a client may change."""

    name: Line
    """What the clinic calls itself."""
    time_zone: TimeZone = "UTC"
    whose_sessions: WhoseSessions = "own"
    """Whose sessions a practitioner may sign, amend or void."""
    baseline_days: BaselineDays = BASELINE_DAYS
    address: Statement | None = None
    """Where the clinic is; null if it isn't said."""
    phone: Phone | None = None
    """The clinic's telephone number; null if it isn't said."""
    emergency_number: Annotated[Phone, AfterValidator(_with_digits)] | None = None
    """The number to call in an emergency, such as 911 or 112; null if it isn't said."""
    hours: Hours = []
    """When the clinic is open; empty if it isn't said."""
    alert_recipients: Annotated[list[AlertRecipientBody], Field(max_length=RECIPIENTS_MAX)] = []
    """Who is told of alerts, in order of preference; empty: nobody."""
    quiet_hours: QuietHoursBody | None = None
    """When no patient gets a message; null: from 21:00 to 08:00."""
    languages: Annotated[list[Language], Field(max_length=LANGUAGES_MAX)] = []
    """Languages in which patients are asked, beside those that were reviewed: BCP 47 tags."""
    messages: MessagesBody | None = None
    """How messages reach patients; null: by e-mail only, from the name of the clinic."""

    @field_validator("languages")
    @classmethod
    def _each_once(cls, languages: list[str]) -> list[str]:
        check_distinct([each.casefold() for each in languages])
        return languages

    @field_validator("alert_recipients")
    @classmethod
    def _once(cls, recipients: list[AlertRecipientBody]) -> list[AlertRecipientBody]:
        check_distinct([each.name for each in recipients])
        return recipients


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
    address: Annotated[str | None, Field(description="Where the clinic is.")]
    phone: Annotated[str | None, Field(description="The clinic's telephone number.")]
    emergency_number: Annotated[
        str | None, Field(description="The number to call in an emergency.")
    ]
    hours: Annotated[list[HoursView], Field(description="When the clinic is open.")]
    alert_recipients: Annotated[
        list[AlertRecipientView],
        Field(description="Who is told of alerts, in order of preference; empty: nobody."),
    ]
    quiet_hours: Annotated[
        QuietHoursView | None,
        Field(description="When no patient gets a message; null: from 21:00 to 08:00."),
    ]
    languages: Annotated[
        list[str],
        Field(description="Languages to ask patients in, beside those that were reviewed."),
    ]
    messages: Annotated[
        MessagesView | None,
        Field(description="How messages reach patients; null: by e-mail only."),
    ]
    version: int
    created_at: datetime
