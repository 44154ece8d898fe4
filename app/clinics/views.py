"""The views of a clinic's opening hours and of those who are told of alerts. Pure."""

from typing import Literal

from typing_extensions import TypeAliasType, TypedDict

Weekday = TypeAliasType("Weekday", Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
"""A day of the week."""
DeliveryChannel = TypeAliasType("DeliveryChannel", Literal["email", "post"])
"""How a message reaches a person: by `email`, or by a signed `post` to a program of the clinic,
which passes it on."""

HoursView = TypedDict("HoursView", {"days": list[Weekday], "from": str, "to": str}, closed=True)
HoursView.__doc__ = "Hours that come every week."

QuietHoursView = TypedDict("QuietHoursView", {"from": str, "to": str}, closed=True)
QuietHoursView.__doc__ = "Hours of every day in which no patient gets a message."


class MessagesView(TypedDict, closed=True):
    """How the clinic's messages reach patients."""

    sender: str
    """The name that messages are from."""
    post_to: str | None
    """The https address of the clinic's own sender; null if there is none."""


class AlertRecipientView(TypedDict, closed=True):
    """Somebody who is told of alerts."""

    name: str
    channel: DeliveryChannel
    to: str
    hours: list[HoursView]
