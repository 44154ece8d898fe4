"""The catalogue on the wire. The data file is checked against the same view it is served as."""

from typing import Annotated

from pydantic import AfterValidator, Field

from app.core.pages import Filters
from app.core.wire import View
from app.muscles import rules

QUERY_MAX = 100

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=64)]
Name = Annotated[str, Field(pattern=r"^\S(.*\S)?$", max_length=200)]
Segments = Annotated[
    tuple[rules.Segment, ...], Field(min_length=1), AfterValidator(rules.check_order)
]


class MuscleFilters(Filters):
    """Which muscles to list. With `q` the best match comes first."""

    q: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=QUERY_MAX,
            description="Any name, synonym or abbreviation; Latin and typing errors too.",
        ),
    ] = None
    region: rules.Region | None = None


class MuscleView(View):
    """A muscle, or a part of one that is needled and recorded by itself."""

    slug: Annotated[Slug, Field(description="The key. It never changes its meaning.")]
    name: Annotated[Name, Field(description="The English name.")]
    latin: Annotated[Name, Field(description="The Latin name.")]
    region: rules.Region
    paraspinal: Annotated[bool, Field(description="Whether a needling states a spinal level.")]
    part_of: Annotated[
        rules.Group | None, Field(description="The whole that this part counts towards.")
    ]
    innervation: Name
    segments: Annotated[Segments, Field(description="Supplying segments, from the head down.")]
    thoracic_risk: Annotated[bool, Field(description="Whether a needle may reach the pleura.")]
    compressible: Annotated[bool, Field(description="Whether pressure can stop a bleeding.")]
    synonyms: Annotated[tuple[Name, ...], Field(description="Other names and abbreviations.")]
    uberon: Annotated[str | None, Field(pattern=r"^UBERON:\d{7}$")]
    fma: Annotated[str | None, Field(pattern=r"^FMA:\d{1,7}$")]
    hazard: Annotated[Name | None, Field(description="What lies near and can be hurt.")]
