"""The body of a request for a chart summary."""

from typing import Annotated, Final
from uuid import UUID

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from app.core.values.wire import Body, Line, Period, Statement, example
from app.records.schemas import Language
from app.summaries.rules import release
from app.summaries.rules.dense import Detail
from app.summaries.rules.release import Recipient, RecipientKind

ADDRESS_LINES_MAX: Final = 8


class RecipientBody(Body):
    """The recipient of the summary."""

    kind: RecipientKind
    """Who gets it. Some recipients need the patient's consent."""
    name: Annotated[
        Line | None,
        Field(
            validate_default=True,
            description="The recipient's name. Required, except for the patient.",
        ),
    ] = None

    @field_validator("name")
    @classmethod
    def _named(cls, name: str | None, info: ValidationInfo) -> str | None:
        if "kind" in info.data:
            release.check_name(info.data["kind"], given=name is not None)
        return name

    def named(self) -> Recipient:
        """The recipient as the rules take it."""
        return Recipient(self.kind, self.name)


class ReleaseBody(Period, Body):
    """The part of a chart to release, the recipient, and the reason."""

    recipient: RecipientBody
    """Who gets it."""
    purpose: Line
    """What the recipient needs it for. The ledger keeps it."""
    episode_id: Annotated[UUID | None, Field(description="This episode only.")] = None
    override_reason: Annotated[
        Statement | None,
        Field(description="The reason to release it without the patient's consent."),
    ] = None


class ChartSummaryBody(ReleaseBody):
    """The part of a chart to release, the recipient, and the reason."""

    model_config = ConfigDict(
        **example(
            recipient={"kind": "other", "name": "Provincial court, file 26-114"},
            purpose="Evidence in court",
            override_reason="Ordered by the court on 2026-11-02.",
        )
    )

    detail: Annotated[
        Detail,
        Field(
            description="Of more than 24 sessions, `condensed` prints those of before the newest 12"
            " in one line each, and says so. Sessions with an adverse event, a red flag, an"
            " amendment, a void or an override are always printed whole."
        ),
    ] = "condensed"


class LetterBody(ReleaseBody):
    """The part of a chart that a letter is about, the recipient, and the reason."""

    model_config = ConfigDict(
        **example(
            recipient={"kind": "insurer", "name": "Example Mutual"},
            address=["12 Example Street", "Exampleville"],
            purpose="Claim 26-114",
            override_reason="The patient agreed on the telephone on 2026-11-02.",
            language="en",
        )
    )

    address: Annotated[
        list[Line],
        Field(
            max_length=ADDRESS_LINES_MAX,
            description="The lines of the recipient's address. They are printed and not stored.",
        ),
    ] = []
    language: Annotated[
        Language | None,
        Field(
            description="The language of the letter as a BCP 47 tag: `en` or `fr`, or a form of it,"
            " such as `fr-CA`; English where it is left out."
        ),
    ] = None
