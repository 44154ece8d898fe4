"""What a request for a chart summary says."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from app.core.values.wire import Body, Line, Period, Text, example
from app.summaries.rules import release
from app.summaries.rules.release import Recipient, RecipientKind

# A blank says nothing, and what is said here stands in the ledger.
SAID = r"\S"


class RecipientBody(Body):
    """Who is to have the summary."""

    kind: RecipientKind
    name: Annotated[
        Line | None,
        Field(
            pattern=SAID,
            validate_default=True,
            description="Needed unless it is the patient, who has one.",
        ),
    ] = None

    @field_validator("name")
    @classmethod
    def _named(cls, name: str | None, info: ValidationInfo) -> str | None:
        if "kind" in info.data:
            release.check_name(info.data["kind"], given=name is not None)
        return name

    def named(self) -> Recipient:
        """The same for the rules."""
        return Recipient(self.kind, self.name)


class ChartSummaryBody(Period, Body):
    """Which part of a chart is released, to whom, and why."""

    model_config = ConfigDict(
        **example(
            recipient={"kind": "other", "name": "Provincial court, file 26-114"},
            purpose="Evidence in court",
            override_reason="Ordered by the court on 2026-11-02.",
        )
    )

    recipient: RecipientBody
    purpose: Annotated[Line, Field(pattern=SAID)]
    episode_id: Annotated[UUID | None, Field(description="This episode only.")] = None
    override_reason: Annotated[
        Text | None,
        Field(
            min_length=1,
            pattern=SAID,
            description="Why it is released without the patient's consent.",
        ),
    ] = None
