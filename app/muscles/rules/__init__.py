"""The words of the catalogue, and how the name of a muscle is read. Pure."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal, get_args

from app.core.values.faults import RuleBroken

# The ladder from the atlas to the sacrum, shared by findings and needlings: a needle goes into
# the paraspinal muscles of the segment that was examined, so both need the same names. It has a
# C8 because it counts segments, of which the neck has one more than vertebrae.
SpinalLevel = Literal[
    "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8",
    "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12",
    "L1", "L2", "L3", "L4", "L5",
    "S1", "S2", "S3", "S4",
]  # fmt: skip
SPINAL_LEVELS: Final[tuple[SpinalLevel, ...]] = get_args(SpinalLevel)

# Where the nerves of a muscle come from: cranial nerves, then the spinal cord downwards.
Segment = Literal["CN5", "CN7", "CN11", SpinalLevel, "S5"]
SEGMENTS: Final[tuple[Segment, ...]] = get_args(Segment)

Region = Literal[
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
]

Group = Literal[
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
]
GROUPS: Final[tuple[Group, ...]] = get_args(Group)


def check_order(segments: Sequence[Segment]) -> Sequence[Segment]:
    """The segments, if they run downwards without repeating; else `RuleBroken`."""
    if list(segments) != sorted(set(segments), key=SEGMENTS.index):
        raise RuleBroken("segment_order", "List each segment once, from the head downwards.")
    return segments


def check_unique(column: str, cells: Mapping[int, str | None]) -> None:
    """Raise `RuleBroken` where a line of a data file repeats an earlier line's cell."""
    seen: dict[str, int] = {}
    for line, cell in cells.items():
        if cell is not None and seen.setdefault(cell, line) != line:
            raise RuleBroken(
                "repeated", f"line {line}, column {column}: as in line {seen[cell]} already."
            )


def check_parts(slugs: Collection[str]) -> None:
    """Raise `RuleBroken` where a group is an entry too: a part rolls up in a single step."""
    both = sorted(set(slugs) & set(GROUPS))
    if both:
        raise RuleBroken("group_is_entry", f"column slug: {', '.join(both)} names a group.")


def words(text: str) -> list[str]:
    """The words of a name or a query: lower case, without accents or punctuation."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))


def joined(text: str) -> str:
    """The words run together: a forgotten space or hyphen makes no other name."""
    return "".join(words(text))


def slips(length: int) -> int:
    """How many typing errors a word of this length may have and still be understood."""
    return 0 if length < 4 else 1 if length < 8 else 2  # noqa: PLR2004 - the rule itself
