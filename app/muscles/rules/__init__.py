"""The catalogue's vocabularies and checks. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal

from typing_extensions import TypeAliasType

from app.core.values.faults import RuleBroken
from app.core.values.vocabularies import words_of

# Spinal levels from C1 to S4, shared by findings and needlings: the paraspinal muscles are needled
# at the segment that was examined, so both need the same names. There is a C8 because these are
# segments: the neck has eight, but only seven vertebrae.
_SpinalLevel = Literal[
    "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8",
    "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12",
    "L1", "L2", "L3", "L4", "L5",
    "S1", "S2", "S3", "S4",
]  # fmt: skip
SpinalLevel = TypeAliasType("SpinalLevel", _SpinalLevel)
"""A level of the spine, from the head down."""
SPINAL_LEVELS: Final[tuple[SpinalLevel, ...]] = words_of(SpinalLevel)

# The segments of a muscle's nerves: cranial nerves, then the spinal cord downwards.
Segment = TypeAliasType("Segment", Literal["CN5", "CN7", "CN11", _SpinalLevel, "S5"])
"""A spinal segment or a cranial nerve, from the head down."""
SEGMENTS: Final[tuple[Segment, ...]] = words_of(Segment)

MuscleRegion = TypeAliasType(
    "MuscleRegion",
    Literal[
        "head_face",
        "jaw",
        "neck_anterior_lateral",
        "suboccipital",
        "neck_posterior",
        "shoulder_girdle",
        "arm",
        "forearm_posterior",
        "forearm_anterior",
        "hand",
        "thoracic_paraspinal",
        "thorax",
        "lumbar_paraspinal",
        "abdomen",
        "pelvic_floor",
        "hip_gluteal",
        "thigh_anterior",
        "thigh_medial",
        "thigh_posterior",
        "leg_anterior_lateral",
        "leg_posterior",
        "foot",
    ],
)
"""The part of the body in which a muscle lies."""

LIMBS: Final[frozenset[MuscleRegion]] = frozenset(
    {
        "shoulder_girdle",
        "arm",
        "forearm_posterior",
        "forearm_anterior",
        "hand",
        "hip_gluteal",
        "thigh_anterior",
        "thigh_medial",
        "thigh_posterior",
        "leg_anterior_lateral",
        "leg_posterior",
        "foot",
    }
)
"""The regions whose muscles are on the left or on the right, and never on the midline."""

MuscleGroup = TypeAliasType(
    "MuscleGroup",
    Literal[
        "biceps_brachii",
        "biceps_femoris",
        "deltoid",
        "digastric",
        "dorsal_interossei_of_hand",
        "gastrocnemius",
        "iliopsoas",
        "interspinales",
        "intertransversarii",
        "masseter",
        "multifidus",
        "occipitofrontalis",
        "pectoralis_major",
        "quadriceps_femoris",
        "rhomboids",
        "rotatores",
        "trapezius",
        "triceps_brachii",
        "triceps_surae",
    ],
)
"""A whole muscle whose parts are recorded separately."""
GROUPS: Final[tuple[MuscleGroup, ...]] = words_of(MuscleGroup)


def check_order(segments: Sequence[Segment]) -> Sequence[Segment]:
    """The segments; raises `RuleBroken` unless they run downwards without repeating."""
    if list(segments) != sorted(set(segments), key=SEGMENTS.index):
        raise RuleBroken("segment_order", "List each segment once, from the head downwards.")
    return segments


def levels_around(segments: Sequence[Segment]) -> frozenset[str]:
    """Return the spinal levels at which a paraspinal muscle with these segments may be needled.

    They include one level above and one below: the muscle's ends reach beyond its segments.
    """
    reached = {SEGMENTS.index(segment) + step for segment in segments for step in (-1, 0, 1)}
    return frozenset(level for level in SPINAL_LEVELS if SEGMENTS.index(level) in reached)


def check_unique(column: str, cells: Mapping[int, str | None]) -> None:
    """Raise `RuleBroken` if a line of a data file repeats the cell of an earlier line."""
    seen: dict[str, int] = {}
    for line, cell in cells.items():
        if cell is not None and seen.setdefault(cell, line) != line:
            raise RuleBroken(
                "repeated", f"line {line}, column {column}: repeats line {seen[cell]}."
            )


def check_parts(slugs: Collection[str]) -> None:
    """Raise `RuleBroken` if a group is an entry too: groups must not be parts themselves."""
    both = sorted(set(slugs) & set(GROUPS))
    if both:
        raise RuleBroken("group_is_entry", f"column slug: {', '.join(both)} names a group.")
