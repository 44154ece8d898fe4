"""Bodies and views of emergency access."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from app.core.values.wire import ONE_LINE, Body, example
from app.emergencies.rules import EmergencySeries

# The ledger shows it in one line.
LINE = r"^[^\x00-\x1f\x7f]*$"
MINUTES_MAX = 60


class EmergencyBody(Body):
    """The reason and duration that a practitioner gives for emergency access."""

    model_config = example(
        reason="Collapsed after needling; the usual practitioner is away.", minutes=30
    )

    reason: Annotated[
        str,
        Field(
            min_length=10,
            max_length=500,
            pattern=LINE,
            description="Why, in one line. Name nobody: no erasure ever deletes it.",
        ),
        ONE_LINE,
    ]
    minutes: Annotated[
        int, Field(ge=1, le=MINUTES_MAX, description="How many minutes it lasts at most.")
    ] = MINUTES_MAX


class ReviewBody(Body):
    """What somebody who reviewed emergency access found."""

    model_config = example(note="Justified: the patient was taken to hospital.")

    note: Annotated[
        str,
        Field(
            min_length=2,
            max_length=500,
            pattern=LINE,
            description="The finding, in one line. Name nobody: no erasure ever deletes it.",
        ),
        ONE_LINE,
    ]


class _Emergency(TypedDict):
    id: UUID
    client_id: Annotated[UUID, Field(description="The device or identity that has it.")]
    practitioner_id: UUID
    """The practitioner who began it."""
    reason: str
    """The reason that the practitioner gave."""
    opened_at: datetime
    """When it began."""
    ends_at: Annotated[datetime, Field(description="When it ends unless ended early.")]
    ended_at: Annotated[datetime | None, Field(description="When somebody ended it early.")]


class EmergencyView(_Emergency, closed=True):
    """Emergency access of one client: open until somebody ends it or its time is over."""


class UnreviewedView(_Emergency, closed=True):
    """Emergency access that nobody has reviewed yet."""

    practitioner_name: Annotated[
        str | None, Field(description="The name of the practitioner who began it.")
    ]
    series: Annotated[
        EmergencySeries | None,
        Field(
            description="`practitioner`: one of four or more within an hour by this practitioner;"
            " `clinic`: by several of the clinic together; null: neither."
        ),
    ]
    patients_seen: Annotated[
        int, Field(description="How many patients' data were read under it, by the ledger.")
    ]


class UnreviewedPageView(TypedDict, closed=True):
    """The emergency access to review next."""

    items: list[UnreviewedView]
    """At most 50. Those of a series come first, then the oldest."""
    more: Annotated[int, Field(description="How many others are not reviewed either.")]
