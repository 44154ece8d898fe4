"""Measured values, inside a session or between sessions."""

from typing import Annotated, Any, cast

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.tables import Table
from app.core.values.faults import RuleBroken
from app.core.values.wire import Body, Line
from app.instruments import queries as instruments
from app.instruments import rules
from app.muscles import queries as muscles
from app.records.views import Reporter, Side
from app.vocabularies.schemas import MovementWord


def _known_muscle(word: str) -> str:
    slug = muscles.named(word)
    if slug is None:
        detail = "No muscle, or more than one, has this name."
        raise RuleBroken("unknown_muscle", detail, muscles.nearest(word))
    return slug


def _known_instrument(word: str) -> str:
    code = instruments.named(word)
    if code is None:
        detail = "There is no instrument with this code."
        raise RuleBroken("unknown_instrument", detail, instruments.nearest(word))
    return code


def _precise(value: float) -> float:
    if round(value, rules.DECIMALS) != value:
        detail = f"Give at most {rules.DECIMALS} decimals; nothing is rounded."
        raise RuleBroken("too_precise", detail)
    return int(value) if value.is_integer() else value


MuscleSlug = Annotated[Line, AfterValidator(_known_muscle)]
"""A muscle: its slug, name or a synonym that no other muscle has. It is stored as the slug."""
InstrumentCode = Annotated[Line, AfterValidator(_known_instrument)]
"""An instrument: its code or name. It is stored as the code."""
PRECISE = AfterValidator(_precise)
"""It comes after a number's limits: pydantic states only limits that come first in the schema."""


class ReadingBody(Body):
    """One measured value and what it was measured with."""

    instrument: InstrumentCode
    items: Annotated[
        list[Annotated[float, PRECISE] | None] | None,
        Field(
            max_length=rules.ITEMS_MAX,
            description="The answers that the value is scored from; null for a missing answer.",
        ),
    ] = None
    unit: Annotated[
        Line | None,
        Field(description="UCUM: the instrument's own unit, or another one that it allows."),
    ] = None
    value: Annotated[
        float,
        Field(
            ge=-1e6,
            le=1e6,
            validate_default=True,
            description="May be left out if the instrument's items are given.",
        ),
        PRECISE,
    ] = cast("float", None)
    activity: Annotated[
        Line | None, Field(description="PSFS: the activity; null for the mean of all activities.")
    ] = None
    side: Side | None = None
    """The patient's side that was measured; null if it has none."""
    muscle: MuscleSlug | None = None
    """The slug of the muscle that was measured; null if none is meant."""
    movement: Annotated[
        MovementWord | None,
        Field(
            description="Range of motion: the movement that was measured, a code, name or synonym"
            " of `/v1/movements`; stored as the code.",
            validate_default=True,
        ),
    ] = None
    reported_by: Reporter = "patient"
    """Who says the value."""

    @field_validator("items")
    @classmethod
    def _scorable(cls, items: Any, info: ValidationInfo) -> Any:
        scoring = instruments.scoring(info.data.get("instrument", ""))
        if items is not None and scoring is not None:
            rules.score(items, scoring)
        return items

    @field_validator("value", mode="before")
    @classmethod
    def _scored(cls, given: Any, info: ValidationInfo) -> Any:
        """Return the given value, or the score of the items."""
        items = info.data.get("items")
        scoring = instruments.scoring(info.data.get("instrument", ""))
        score = None if items is None or scoring is None else rules.score(items, scoring)
        if given is None and score is None:
            raise RuleBroken("missing", "Give the value, or the items that it is scored from.")
        if isinstance(given, int | float) and score is not None:
            rules.check_scored(given, score)
        return score if given is None else given

    @field_validator("value", "activity")
    @classmethod
    def _fits_the_instrument(cls, given: Any, info: ValidationInfo) -> Any:
        known = instruments.find(info.data.get("instrument", ""))
        if known is not None and info.field_name == "activity":
            rules.check_activity(given, takes_activity=known.takes_activity)
        elif known is not None and "unit" in info.data:
            factors = instruments.factors(known.code)
            own = rules.in_own_unit(given, info.data["unit"], factors)
            rules.check_value(own, known.min, known.max)
        return given

    @field_validator("movement")
    @classmethod
    def _moved(cls, given: Any, info: ValidationInfo) -> Any:
        known = instruments.find(info.data.get("instrument", ""))
        if known is not None:
            rules.check_movement(given, known.movement)
        return given

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, unit: str | None, info: ValidationInfo) -> str | None:
        if "instrument" in info.data:
            rules.in_own_unit(0, unit, instruments.factors(info.data["instrument"]))
        return unit


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
    movement: Mapped[str | None] = mapped_column(String(64))
    items: Mapped[list[Any] | None]
    reported_by: Mapped[str] = mapped_column(String(16))


READING_MEMBERS = tuple(ReadingBody.model_fields)
