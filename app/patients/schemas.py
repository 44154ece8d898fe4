"""Bodies and filters of patients."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from app.core.values.faults import RuleBroken
from app.core.values.wire import ONE_LINE, Body, Day, Line, example
from app.patients.rules import asking
from app.patients.rules.birth_dates import check_birth_date
from app.patients.views import PatientStatus, Sex
from app.records.identifiers import IdentifierFilters
from app.records.schemas import Identifiers, Language, RecordBody

SEARCH_MAX = 100
EMAIL = r"^[^@\s]+@[^@\s]+$"


def _birth_date(birth_date: str) -> str:
    check_birth_date(birth_date)
    return birth_date


BirthDate = Annotated[
    str,
    AfterValidator(_birth_date),
    Field(description="YYYY-MM-DD; YYYY-MM or YYYY where no more is known."),
]


def _asked(text: str) -> str:
    asking.check_asked(text)
    return text


SearchName = Annotated[Line, AfterValidator(_asked)]

SearchText = Annotated[
    str, Field(min_length=1, max_length=SEARCH_MAX), ONE_LINE, AfterValidator(_asked)
]


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
    deceased_on: Day | None = None
    """The day on which the patient died; null if they live. Nobody sends them a message after."""
    status: PatientStatus = "active"
    """Whether the clinic still treats the patient."""


class PatientFilters(IdentifierFilters):
    """The filters of the list of patients."""

    status: PatientStatus | None = None
    """Only patients in this state."""


class PatientSearch(Body):
    """A search for patients: by `q`, or by names and a birth date. No URL contains a name."""

    model_config = example(q="nunez ana")

    q: Annotated[
        SearchText | None,
        Field(
            description="A name in any order, a birth date, both, or the value of an identifier."
            " One typing error in a name is forgiven."
        ),
    ] = None
    family_name: Annotated[
        SearchName | None,
        Field(description="The beginning of a name. Any part of the patient's names may be it."),
    ] = None
    given_name: Annotated[
        SearchName | None,
        Field(description="The beginning of a name. Any part of the patient's names may be it."),
    ] = None
    birth_date: Annotated[
        BirthDate | None,
        Field(description="It also finds less precise dates that cover it, and those within it."),
    ] = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        beside = (self.family_name, self.given_name, self.birth_date)
        if self.q is None and beside == (None, None, None):
            raise RuleBroken("nothing_asked", "Give q, a name or a birth date.")
        if self.q is not None and beside != (None, None, None):
            raise RuleBroken("not_alone", "Give q alone, or names and a birth date.")
        return self

    @property
    def names(self) -> list[tuple[str, ...]]:
        """The folded words of each name that was given."""
        given = filter(None, (self.family_name, self.given_name))
        return [asking.named([name]) for name in given]
