"""Bodies of the needlings and findings of a session."""

from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from app.core.values.wire import Body, Line, Score
from app.muscles import queries as muscles
from app.muscles.rules import SpinalLevel
from app.records.readings import PRECISE, MuscleSlug
from app.records.views import Side
from app.sessions.rules import content as rules
from app.sessions.views import FamiliarPain, Grasp, Release, Sensation, Sign, Stimulation

DepthMm = Annotated[int, Field(ge=1, le=150, description="Deepest point reached, in millimetres.")]
Seconds = Annotated[int, Field(ge=0, le=7_200)]


class NeedleBody(Body):
    """The needle that was used, and its lot, for a recall."""

    diameter_mm: Annotated[float, Field(ge=0.1, le=1), PRECISE] | None = None
    """Its thickness in millimetres; null if unknown."""
    length_mm: Annotated[float, Field(ge=5, le=150), PRECISE] | None = None
    """Its length in millimetres; null if unknown."""
    lot: Line | None = None
    """The lot on the package, which a recall asks for; null if unknown."""


class ElectricalBody(Body):
    """Electrical stimulation through the needles."""

    hz: Annotated[float, Field(gt=0, le=250), PRECISE]
    """Frequency in hertz."""
    ma: Annotated[float, Field(gt=0, le=100), PRECISE]
    """Current in milliamperes."""


class NeedlingBody(Body):
    """One muscle, needled on one side: the dose, and what was felt and seen."""

    muscle: MuscleSlug
    """The slug of the needled muscle, as in `/v1/muscles`."""
    side: Side
    """The patient's side; `midline` for a muscle that has none."""
    spinal_level: Annotated[
        SpinalLevel | None,
        Field(
            validate_default=True,
            description="Required for a paraspinal muscle, forbidden for others.",
        ),
    ] = None
    needle: Annotated[NeedleBody, Field(default_factory=NeedleBody)]
    """The kind of needle; its members are null where unknown."""
    needles: Annotated[int, Field(ge=1, le=50)] = 1
    """How many needles were used in this muscle."""
    insertions: Annotated[
        int, Field(ge=1, le=500, validate_default=True, description="At least as many as needles.")
    ] = 1
    depth_mm: DepthMm | None = None
    """The deepest point reached, in millimetres; null if nobody noted it."""
    stimulation: Stimulation | None = None
    """What was done with the needle; null if nobody noted it."""
    electrical: Annotated[ElectricalBody | None, Field(validate_default=True)] = None
    """The current, if the stimulation is `electrical`; otherwise null."""
    retention_s: Seconds | None = None
    """How long the needle stayed, in seconds; null if nobody noted it."""
    grasp: Annotated[
        Grasp | None,
        Field(description="How firmly the muscle holds the needle, as the practitioner feels."),
    ] = None
    twitches: Annotated[
        int | None,
        Field(ge=0, le=200, description="Local twitch responses; null if nobody looked."),
    ] = None
    ache: Annotated[Score | None, Field(description="As the patient says, 0 to 10.")] = None
    sharp: Annotated[
        Score | None, Field(description="Sharp pain, as the patient says, 0 to 10.")
    ] = None
    sensations: Annotated[list[Sensation], Field(max_length=9)] = []
    """What the patient says they felt at the needle."""
    release: Annotated[
        Release | None, Field(description="Whether the muscle let go, as the patient feels.")
    ] = None
    release_after_s: Seconds | None = None
    """Seconds until the release; null without a release or a time."""
    familiar_pain: FamiliarPain | None = None
    """Whether the patient knows this pain as their own; null if nobody asked."""
    stopped_for: Line | None = None
    """Why this needling was ended early; null if it wasn't."""

    @field_validator("spinal_level")
    @classmethod
    def _level(cls, level: str | None, info: ValidationInfo) -> str | None:
        muscle = muscles.find(info.data.get("muscle", ""))
        if muscle is not None:
            rules.check_spinal_level(level, paraspinal=muscle.paraspinal)
        return level

    @field_validator("insertions")
    @classmethod
    def _inserted(cls, insertions: int, info: ValidationInfo) -> int:
        rules.check_insertions(insertions, info.data.get("needles", 1))
        return insertions

    @field_validator("electrical")
    @classmethod
    def _current(cls, electrical: ElectricalBody | None, info: ValidationInfo) -> Any:
        if "stimulation" in info.data:
            rules.check_electrical(info.data["stimulation"], given=electrical is not None)
        return electrical

    @field_validator("sensations")
    @classmethod
    def _felt(cls, sensations: list[Sensation]) -> list[Sensation]:
        rules.check_sensations(sensations)
        return sensations

    @field_validator("release_after_s")
    @classmethod
    def _released(cls, after_s: int | None, info: ValidationInfo) -> int | None:
        if "release" in info.data:
            rules.check_release_time(info.data["release"], after_s)
        return after_s


class FindingBody(Body):
    """A segmental sign and its grade, 0 to 3; null if it was not examined."""

    sign: Sign
    """The sign that the practitioner looked for."""
    segment: SpinalLevel
    """The spinal segment to which the sign belongs."""
    side: Side
    """The patient's side on which it was examined."""
    grade: Annotated[int | None, Field(ge=0, le=3)] = None
    """0 to 3, as the practitioner judges; null if not examined."""
