"""Bodies and filters of a clinic's own rows of vocabularies."""

from typing import Annotated

from pydantic import Field

from app.core.http.pages import Filters
from app.core.values.wire import Line, example
from app.records.schemas import RecordBody
from app.vocabularies.rules import (
    CODE_MAX,
    ScreeningAnswer,
    Severity,
    TermStatus,
    VocabularyName,
)
from app.vocabularies.schemas import SYNONYMS_MAX, Days, RegionWord


class OwnWordBody(RecordBody):
    """A new row of a vocabulary, which the address names."""

    model_config = example(
        code="own_salon", name="Salon floor", synonyms=["mat"], source="The clinic, November 2026"
    )

    code: Annotated[
        str,
        Field(
            pattern=r"^own_[a-z0-9]+(_[a-z0-9]+)*$",
            max_length=CODE_MAX,
            description="Its key, which begins with `own_` and never changes.",
        ),
    ]
    name: Line
    """What people call it."""
    synonyms: Annotated[list[Line], Field(max_length=SYNONYMS_MAX)] = []
    """Other words for it. No other row of the vocabulary may have them."""
    parent: RegionWord | None = None
    """Regions: the published region that it is a part of; null if of none."""
    severity: Severity | None = None
    """Kinds of event: the usual severity, as a hint."""
    attribution_days: Days | None = None
    """Kinds of event: within how many days after a visit it is shown with it. Null means 14."""
    concern: Annotated[list[ScreeningAnswer] | None, Field(max_length=3)] = None
    """Contraindications: the answers of concern. Null means `yes` and `unknown`, `[]` none."""
    note: Line | None = None
    """What to know before using it; null if there is nothing."""
    source: Line = "the clinic"
    """Where it comes from, or who decided to add it."""
    status: TermStatus = "active"
    """`inactive`: records that have its code keep it, and others can't have it."""


class TermBody(OwnWordBody):
    """A row that a clinic adds to a vocabulary."""

    model_config = example(
        vocabulary="regions",
        code="own_scar",
        name="Scar of the operation",
        synonyms=["old scar"],
        source="The clinic, November 2026",
    )

    vocabulary: VocabularyName
    """The vocabulary that gets the row."""


class TermFilters(Filters):
    """The filters of the list of own rows."""

    vocabulary: VocabularyName | None = None
    """Only rows of this vocabulary."""
    status: TermStatus | None = None
    """Only rows in this state."""
