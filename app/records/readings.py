"""Measured values: what a reading says, inside a session or between sessions."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.faults import RuleBroken
from app.core.tables import Table
from app.core.wire import Body, Code, Line
from app.instruments import queries as instruments
from app.instruments import rules
from app.muscles import queries as muscles

Reporter = Literal["patient", "practitioner"]
Side = Literal["left", "right", "midline"]
DECIMALS = 4
ITEMS_MAX = 60


def _known_muscle(slug: str) -> str:
    if muscles.find(slug) is None:
        raise RuleBroken("unknown_muscle", "The catalogue has no muscle with this slug.")
    return slug


def _known_instrument(code: str) -> str:
    if instruments.find(code) is None:
        raise RuleBroken("unknown_instrument", "There is no instrument with this code.")
    return code


def _precise(value: float) -> float:
    if round(value, DECIMALS) != value:
        raise RuleBroken("too_precise", f"Give at most {DECIMALS} decimals; nothing is rounded.")
    return int(value) if value.is_integer() else value


MuscleSlug = Annotated[Code, AfterValidator(_known_muscle)]
InstrumentCode = Annotated[Code, AfterValidator(_known_instrument)]
Measured = Annotated[float, AfterValidator(_precise)]


class ReadingBody(Body):
    """One measured value and what it was measured with."""

    instrument: InstrumentCode
    value: Annotated[Measured, Field(ge=-1e6, le=1e6)]
    unit: Annotated[Line | None, Field(description="UCUM; the instrument's own, if given.")] = None
    activity: Annotated[
        Line | None, Field(description="PSFS: which activity; null is the mean over them.")
    ] = None
    side: Side | None = None
    muscle: MuscleSlug | None = None
    items: Annotated[list[Measured] | None, Field(max_length=ITEMS_MAX)] = None
    reported_by: Reporter = "patient"

    @field_validator("value", "unit", "activity")
    @classmethod
    def _fits_the_instrument(cls, given: Any, info: ValidationInfo) -> Any:
        known = instruments.find(info.data.get("instrument", ""))
        if known is not None and info.field_name == "value":
            rules.check_value(given, known.min, known.max)
        elif known is not None and info.field_name == "unit":
            rules.check_unit(given, known.unit)
        elif known is not None:
            rules.check_activity(given, takes_activity=known.takes_activity)
        return given


class Reading(Table):
    """The columns of a measured value."""

    __abstract__ = True

    phase: Mapped[str] = mapped_column(String(16))
    instrument: Mapped[str] = mapped_column(String(64))
    value: Mapped[float]
    unit: Mapped[str | None] = mapped_column(String(200))
    activity: Mapped[str | None] = mapped_column(String(200))
    side: Mapped[str | None] = mapped_column(String(16))
    muscle: Mapped[str | None] = mapped_column(String(64))
    items: Mapped[list[Any] | None]
    reported_by: Mapped[str] = mapped_column(String(16))


READING_MEMBERS = tuple(ReadingBody.model_fields)
