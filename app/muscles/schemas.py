"""The view of a muscle, which also checks the rows of the data file.

The rows of the body map are checked in the same way, and are never sent to a client.
"""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from app.core.http.pages import Filters
from app.core.values.wire import View
from app.muscles import rules
from app.muscles.rules.body import PATH, POINT, Area, Half, Shape, check_shape, points
from app.muscles.rules.body import View as BodyView

QUERY_MAX = 100

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=64)]
Name = Annotated[str, Field(pattern=r"^\S(.*\S)?$", max_length=200)]
Segments = Annotated[
    tuple[rules.Segment, ...], Field(min_length=1), AfterValidator(rules.check_order)
]


class MuscleFilters(Filters):
    """Filters for muscles. With `q` the best match comes first."""

    q: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=QUERY_MAX,
            description="A name, synonym or abbreviation, also in Latin or misspelt.",
        ),
    ] = None
    region: rules.MuscleRegion | None = None
    """Only muscles of this part of the body."""


class MuscleView(View):
    """A muscle, or a part of one that is recorded separately."""

    slug: Annotated[Slug, Field(description="Its key, which never changes its meaning.")]
    name: Annotated[Name, Field(description="The English name.")]
    latin: Annotated[Name, Field(description="The Latin name.")]
    region: rules.MuscleRegion
    """The part of the body in which it lies."""
    paraspinal: Annotated[bool, Field(description="Whether a needling states a spinal level.")]
    part_of: Annotated[
        rules.MuscleGroup | None, Field(description="The whole muscle that this part belongs to.")
    ]
    innervation: Name
    """The nerve, in words. It still needs a clinician's review."""
    segments: Annotated[Segments, Field(description="Its nerves' segments, from the head down.")]
    thoracic_risk: Annotated[bool, Field(description="Whether a needle can reach the pleura.")]
    compressible: Annotated[bool, Field(description="Whether pressure can stop bleeding.")]
    synonyms: Annotated[tuple[Name, ...], Field(description="Other names and abbreviations.")]
    uberon: Annotated[str | None, Field(pattern=r"^UBERON:\d{7}$")]
    """Its id in UBERON; null if there is none."""
    fma: Annotated[str | None, Field(pattern=r"^FMA:\d{1,7}$")]
    """Its id in the Foundational Model of Anatomy; null if there is none."""
    hazard: Annotated[Name | None, Field(description="Structures nearby that can be injured.")]


class BodyAreaRow(View):
    """A row of `body_areas.csv`: an area, and the muscles that are needled through it."""

    slug: Slug
    name: Name
    muscles: Annotated[tuple[Slug, ...], Field(min_length=1)]

    def area(self) -> Area:
        """The area."""
        return Area(self.slug, self.name, self.muscles)


class BodyPathRow(View):
    """A row of `body_paths.csv`: one half of an area, or of another shape of the figure."""

    area: Slug | None
    view: BodyView
    side: Half
    label: Annotated[str | None, Field(pattern=f"^{POINT}$")]
    path: Annotated[str, Field(pattern=PATH)]

    def shape(self) -> Shape:
        """The shape."""
        label = None if self.label is None else points(self.label)[0]
        return Shape(self.area, self.view, self.side, label, self.path)

    @model_validator(mode="after")
    def _is_in_place(self) -> Self:
        check_shape(self.shape())
        return self
