"""Views of the rows, which also check the data files, and the members of bodies that hold a word.

    region: RegionWord | None = None

`app.records.wording` finds such members, and stores the code of the row for the word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from app.core.http.pages import Filters
from app.core.values.wire import Line, View
from app.vocabularies import rules
from app.vocabularies.rules import ScreeningAnswer, Severity, VocabularyName

QUERY_MAX = 100
DAYS_MAX = 365
SYNONYMS_MAX = 50

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=rules.CODE_MAX)]
Days = Annotated[int, Field(ge=1, le=DAYS_MAX)]


class VocabularyFilters(Filters):
    """Filters for a vocabulary. With `q` the best match comes first."""

    q: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=QUERY_MAX,
            description="A code, name or synonym, also misspelt.",
        ),
    ] = None


class WordView(View):
    """A row of a vocabulary."""

    code: Annotated[Code, Field(description="Its key, which never changes its meaning.")]
    name: Annotated[Line, Field(description="The English name; of an own row, the clinic's.")]
    synonyms: tuple[Line, ...]
    """Other words that are taken for it, in any case, with blanks or hyphens."""
    note: Line | None
    """What to know before using it; null if there is nothing."""
    source: Line
    """Where the row comes from."""
    own: bool
    """Whether it is the clinic's own row."""


class RegionView(WordView):
    """A region of the body."""

    parent: Code | None
    """The code of the region that it is a part of; null if of none."""


class EventKindView(WordView):
    """A kind of adverse event."""

    severity: Severity | None
    """The usual severity, as a hint; null if none is known. The record says how it was."""
    attribution_days: Days
    """Within how many days after a visit such an event is shown with it."""


class ContraindicationView(WordView):
    """A contraindication or precaution, which a screening asks for."""

    concern: tuple[ScreeningAnswer, ...]
    """The answers that are of concern."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A vocabulary: one line in `VOCABULARIES`, and a data file of its name."""

    noun: VocabularyName
    singular: str
    view: type[WordView] = WordView

    @property
    def path(self) -> str:
        """The last part of its address."""
        return self.noun.replace("_", "-")

    @property
    def unknown(self) -> str:
        """The code of the fault for a word that no row has."""
        return f"unknown_{self.singular}"

    @property
    def words(self) -> str:
        """What one row is called in a sentence."""
        return self.singular.replace("_", " ")


VOCABULARIES: Final[Mapping[VocabularyName, Vocabulary]] = {
    each.noun: each
    for each in (
        Vocabulary("regions", "region", RegionView),
        Vocabulary("movements", "movement"),
        Vocabulary("event_kinds", "event_kind", EventKindView),
        Vocabulary("contraindications", "contraindication", ContraindicationView),
        Vocabulary("co_interventions", "co_intervention"),
        Vocabulary("aftercare", "aftercare"),
    )
}
"""All vocabularies that a clinic may extend, by name."""


@dataclass(frozen=True, slots=True)
class Named:
    """Marks a member of a body that holds a word of a vocabulary."""

    vocabulary: Vocabulary


RegionWord = Annotated[Line, Named(VOCABULARIES["regions"])]
"""A region: a code, name or synonym. It is stored as the code."""
MovementWord = Annotated[Line, Named(VOCABULARIES["movements"])]
"""A movement of a joint: a code, name or synonym. It is stored as the code."""
EventKindWord = Annotated[Line, Named(VOCABULARIES["event_kinds"])]
"""A kind of adverse event: a code, name or synonym. It is stored as the code."""
ContraindicationWord = Annotated[Line, Named(VOCABULARIES["contraindications"])]
"""A contraindication: a code, name or synonym. It is stored as the code."""
CoInterventionWord = Annotated[Line, Named(VOCABULARIES["co_interventions"])]
"""What else was done: a code, name or synonym. It is stored as the code."""
AftercareWord = Annotated[Line, Named(VOCABULARIES["aftercare"])]
"""What was done or said for afterwards: a code, name or synonym. It is stored as the code."""
