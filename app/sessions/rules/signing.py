"""What a session needs to be signed. Pure.

Needles are single-use, so the counts of a visit must agree. A practitioner may override every
fault but those of time and technique, with a reason.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from typing_extensions import TypedDict

from app.core.values.clock import AHEAD_MAX
from app.core.values.faults import Fault, pointer
from app.core.values.vocabularies import words_of
from app.sessions.rules.content import is_in_future
from app.sessions.views import (
    Attendance,
    NeedleCountView,
    NeedlingView,
    Overridable,
    Technique,
    WarningView,
)

OVERRIDABLE: Final[Collection[str]] = frozenset(words_of(Overridable))


class Anatomy(NamedTuple):
    """What is known of a muscle: where it may be needled."""

    levels: Collection[str]
    """The spinal levels at which it is needled, if it is paraspinal; else none."""
    paired_only: bool
    """Whether it is a muscle of a limb, which has no midline."""


class Signable(TypedDict):
    """The members of a session's view that decide whether it can be signed."""

    occurred_at: datetime
    attendance: Attendance
    technique: Technique | None
    needlings: list[NeedlingView]
    needle_count: NeedleCountView | None


def signing_faults(
    session: Signable, at: datetime, anatomy: Mapping[str, Anatomy]
) -> Iterator[Fault]:
    """Yield the reasons why a session can't be signed at an instant.

    `anatomy` has the muscles that are known, by slug.
    """
    if is_in_future(session["occurred_at"], at + AHEAD_MAX, session["attendance"]):
        yield Fault(
            "/occurred_at", "in_the_future", "A session can't be signed before it takes place."
        )
    if session["attendance"] != "attended":
        return
    if session["technique"] is None:
        yield Fault("/technique", "technique_missing", "A signed session needs a technique.")
    if session["needlings"]:
        needled = sum(needling["needles"] for needling in session["needlings"])
        yield from _count_faults(session["needle_count"], needled)
    for position, needling in enumerate(session["needlings"]):
        place = pointer("needlings", position)
        yield from _needling_faults(place, needling)
        known = anatomy.get(needling["muscle"])
        if known is not None:
            yield from _anatomy_faults(place, needling, known)


def _count_faults(count: NeedleCountView | None, needled: int) -> Iterator[Fault]:
    """Yield faults if the needles weren't counted, or if counts disagree without a reason.

    `needled` is the number of needles in the needlings.
    """
    place = pointer("needle_count")
    if count is None:
        yield Fault(place, "needle_count_missing", "Count the needles before signing.")
        return
    if (count["mismatch_reason"] or "").strip():
        return
    again = "count again, or say why they differ."
    disagreements = (
        (
            count["inserted"] < needled,
            Fault(
                place + pointer("inserted"),
                "needles_not_inserted",
                f"The needlings have more needles than were inserted: {again}",
            ),
        ),
        (
            count["opened"] < count["inserted"],
            Fault(
                place + pointer("opened"),
                "needles_not_opened",
                f"Fewer needles were opened than inserted, and each is used once: {again}",
            ),
        ),
        (
            count["removed"] != count["inserted"],
            Fault(
                place + pointer("removed"),
                "needles_unaccounted",
                f"Needles removed differ from needles inserted: {again}",
            ),
        ),
        (
            count["disposed"] < count["removed"],
            Fault(
                place + pointer("disposed"),
                "needles_not_disposed",
                f"Fewer needles were disposed of than removed: {again}",
            ),
        ),
    )
    yield from (fault for disagrees, fault in disagreements if disagrees)


def _needling_faults(place: str, needling: NeedlingView) -> Iterator[Fault]:
    """Yield faults if the depth doesn't fit the needle, or the release the retention."""
    depth_mm, length_mm = needling["depth_mm"], needling["needle"]["length_mm"]
    if depth_mm is not None and length_mm is not None and depth_mm > length_mm:
        yield Fault(
            place + pointer("depth_mm"),
            "deeper_than_needle",
            "The depth is larger than the length of the needle.",
        )
    after_s, retention_s = needling["release_after_s"], needling["retention_s"]
    if after_s is not None and retention_s is not None and after_s > retention_s:
        yield Fault(
            place + pointer("release_after_s"),
            "released_after_retention",
            "The release came after the needle was taken out.",
        )


def _anatomy_faults(place: str, needling: NeedlingView, known: Anatomy) -> Iterator[Fault]:
    """Yield faults if the level or the side doesn't fit the muscle."""
    level = needling["spinal_level"]
    if level is not None and level not in known.levels:
        yield Fault(
            place + pointer("spinal_level"),
            "level_not_of_muscle",
            "This muscle doesn't reach that spinal level.",
        )
    if needling["side"] == "midline" and known.paired_only:
        yield Fault(
            place + pointer("side"),
            "side_not_of_muscle",
            "A muscle of a limb is on the left or on the right.",
        )


def warnings(faults: Iterable[Fault]) -> list[WarningView]:
    """Return faults that nobody overrode as the warnings of a signed session."""
    return [
        WarningView(pointer=fault.pointer, code=fault.code)
        for fault in faults
        if fault.code in OVERRIDABLE
    ]
