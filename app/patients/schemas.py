"""Bodies and filters of patients."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from app.core.values.faults import RuleBroken
from app.core.values.wire import ONE_LINE, Body, Line, example
from app.patients import rules
from app.patients.views import PatientStatus, Sex
from app.records.identifiers import IdentifierFilters
from app.records.schemas import Identifiers, Language, RecordBody

EMAIL = r"^[^@\s]+@[^@\s]+$"


def _birth_date(birth_date: str) -> str:
    rules.check_birth_date(birth_date)
    return birth_date


BirthDate = Annotated[
    str,
    AfterValidator(_birth_date),
    Field(description="YYYY-MM-DD; YYYY-MM or YYYY where no more is known."),
]


def _searchable(name: str) -> str:
    rules.check_searchable(name)
    return name


SearchName = Annotated[Line, AfterValidator(_searchable)]


class PatientBody(RecordBody):
    """A patient as a client sends them."""

    model_config = example(
        identifiers=[{"system": "urn:example:emr", "value": "P-1001"}],
        given_name="Ana",
        family_name="Núñez",
        birth_date="1988-04-12",
        sex="female",
        phone="+1 555 0100",
        email="ana@example.org",
        language="es",
    )

    identifiers: Identifiers = []
    """What other systems call the patient. No two patients share one."""
    given_name: Line | None = None
    """The first names; null if unknown."""
    family_name: Line | None = None
    """The last name; null if unknown."""
    birth_date: BirthDate | None = None
    """The day of birth; null if unknown."""
    sex: Sex | None = None
    """As recorded for the patient; null if nobody noted it."""
    phone: Annotated[str, Field(min_length=3, max_length=40), ONE_LINE] | None = None
    """The number as it was written; null if unknown."""
    email: Annotated[str, Field(max_length=254, pattern=EMAIL), ONE_LINE] | None = None
    """An address for this patient; null if unknown."""
    language: Language | None = None
    """The language to address the patient in, as a BCP 47 tag; null if unknown."""
    status: PatientStatus = "active"
    """Whether the clinic still treats the patient."""


class PatientFilters(IdentifierFilters):
    """The filters of the list of patients."""

    status: PatientStatus | None = None
    """Only patients in this state."""


class PatientSearch(Body):
    """A search for patients. It is a body, so that no URL contains a name."""

    model_config = example(family_name="nun")

    family_name: Annotated[SearchName | None, Field(description="The name or its beginning.")] = (
        None
    )
    given_name: Annotated[SearchName | None, Field(description="The name or its beginning.")] = None
    birth_date: Annotated[
        BirthDate | None,
        Field(description="It also finds less precise dates that cover it, and those within it."),
    ] = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.family_name is None and self.given_name is None and self.birth_date is None:
            raise RuleBroken("nothing_asked", "Give a name or a birth date.")
        return self

    def values(self) -> dict[str, Any]:
        """Return the conditions of this search, by name."""
        wanted: dict[str, Any] = {
            "family_name": rules.folded(self.family_name),
            "given_name": rules.folded(self.given_name),
        }
        if self.birth_date is not None:
            wanted["birth_date"] = rules.covering(self.birth_date)
            wanted["birth_date_within"] = f"{self.birth_date}-"
        return {name: value for name, value in wanted.items() if value is not None}
