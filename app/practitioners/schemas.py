"""Bodies and filters of practitioners."""

from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from app.core.values.wire import Body, Day, Line, example
from app.practitioners import rules
from app.practitioners.views import CredentialKind, PractitionerStatus
from app.records.identifiers import IdentifierFilters
from app.records.schemas import Identifiers, RecordBody

CREDENTIALS_MAX = 20


class CredentialBody(Body):
    """A training or licence, and the days on which it is valid."""

    kind: CredentialKind
    """The training or licence that it proves."""
    body: Annotated[Line, Field(description="The organization that issued it.")]
    number: Line
    """The number on the certificate."""
    valid_from: Day
    """The first day on which it is valid."""
    valid_to: Annotated[Day | None, Field(description="The last day; null for no end.")] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        rules.check_validity(self.valid_from, self.valid_to)
        return self


class PractitionerBody(RecordBody):
    """A practitioner as a client sends them."""

    model_config = example(
        given_name="Dana",
        family_name="Demo",
        identifiers=[{"system": "urn:example:college", "value": "70123"}],
        credentials=[
            {
                "kind": "gunn_ims",
                "body": "Example College",
                "number": "IMS-41",
                "valid_from": "2019-05-01",
            }
        ],
    )

    given_name: Line | None = None
    """The first names."""
    family_name: Annotated[
        Line | None, Field(validate_default=True, description="One of the two names is enough.")
    ] = None
    identifiers: Identifiers = []
    """What other systems call the practitioner, such as their college."""
    credentials: Annotated[list[CredentialBody], Field(max_length=CREDENTIALS_MAX)] = []
    """Trainings and licences, also past ones."""
    status: Annotated[
        PractitionerStatus,
        Field(description="If you leave it out, it follows from `inactive_from`."),
    ] = "active"
    inactive_from: Annotated[
        Day | None,
        Field(
            description="The first day, in the clinic's time zone, on which they are inactive: no"
            " session of that day or later names them. An inactive practitioner without a day gets"
            " today. When it comes, their devices, sign-ins, keys and emergency access end."
        ),
    ] = None

    @field_validator("family_name")
    @classmethod
    def _named(cls, family_name: str | None, info: ValidationInfo) -> str | None:
        if "given_name" in info.data:
            rules.check_named(info.data["given_name"], family_name)
        return family_name

    @property
    def given_status(self) -> PractitionerStatus | None:
        """The status, or None if the client leaves it out."""
        return self.status if "status" in self.model_fields_set else None


class FinishedPractitionerBody(PractitionerBody):
    """A practitioner in an import. The file may be older than `inactive_from`, which decides."""


class PractitionerFilters(IdentifierFilters):
    """The filters of the list of practitioners."""

    status: PractitionerStatus | None = None
    """Only practitioners in this state."""
