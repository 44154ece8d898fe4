"""Emergency access on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from app.core.values.wire import Body, example

# One line, with something to read at either end of it.
LINE = r"^[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f]$"
MINUTES_MAX = 60


class EmergencyBody(Body):
    """What a practitioner says who breaks the glass."""

    model_config = example(
        reason="Collapsed after needling, her own practitioner is away.", minutes=30
    )

    reason: Annotated[
        str,
        Field(
            min_length=10,
            max_length=500,
            pattern=LINE,
            description="Why, in one line. It outlasts every erasure: name nobody in it.",
        ),
    ]
    minutes: Annotated[int, Field(ge=1, le=MINUTES_MAX, description="How long at most.")] = (
        MINUTES_MAX
    )


class EmergencyView(TypedDict, closed=True):
    """Emergency access of one client, open until it is ended or its time is over."""

    id: UUID
    client_id: Annotated[UUID, Field(description="The device or the identity that got it.")]
    practitioner_id: UUID
    reason: str
    opened_at: datetime
    ends_at: Annotated[datetime, Field(description="When it ends by itself.")]
    ended_at: Annotated[datetime | None, Field(description="When it was ended before that.")]
