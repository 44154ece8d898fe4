"""Rules of a session that span its fields. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from typing_extensions import TypedDict

from app.core.values.faults import Fault, RuleBroken, check_distinct, pointer
from app.sessions.views import Attendance, NeedleCountView, NeedlingView, Technique

LATE_AFTER = timedelta(hours=24)
CLOCKS_DIFFER = timedelta(minutes=5)
"""By how much the clock of a tablet may be ahead of the server's."""
CALLED_OFF = ("cancelled", "declined")
"""What is known of a visit before its time."""


def check_spinal_level(level: str | None, *, paraspinal: bool) -> None:
    """A paraspinal muscle runs along the spine, so it needs a level; no other muscle has one."""
    if paraspinal and level is None:
        raise RuleBroken("spinal_level_missing", "A paraspinal muscle needs its spinal level.")
    if not paraspinal and level is not None:
        raise RuleBroken("spinal_level_forbidden", "Only a paraspinal muscle has a spinal level.")


def check_insertions(insertions: int, needles: int) -> None:
    """Every needle is inserted at least once."""
    if insertions < needles:
        raise RuleBroken("fewer_insertions_than_needles", "Insertions are at least the needles.")


def check_electrical(stimulation: str | None, *, given: bool) -> None:
    """Current is given with electrical stimulation, and only with it."""
    if given and stimulation != "electrical":
        raise RuleBroken("not_electrical", "Only electrical stimulation has a current.")
    if stimulation == "electrical" and not given:
        raise RuleBroken("electrical_missing", "Electrical stimulation needs hz and ma.")


def check_release_time(release: str | None, after_s: int | None) -> None:
    """Only a release that was felt took a time."""
    if after_s is not None and release not in {"partial", "complete"}:
        raise RuleBroken("no_release", "A release that wasn't felt has no time.")


def check_sensations(sensations: Sequence[str]) -> None:
    """Each sensation once; `none` stands alone."""
    check_distinct(sensations)
    if "none" in sensations and len(sensations) > 1:
        raise RuleBroken("none_and_more", "Either none, or the sensations that were felt.")


def check_visited(attendance: str, *, needled: bool) -> None:
    """Nobody is needled at a visit that didn't take place."""
    if needled and attendance != "attended":
        raise RuleBroken("not_attended", "A visit that was not attended has no needling.")


def is_late(occurred_at: datetime, recorded_at: datetime) -> bool:
    """Whether an entry was made more than a day after the visit."""
    return recorded_at - occurred_at > LATE_AFTER


def is_ahead(occurred_at: datetime, at: datetime, attendance: str) -> bool:
    """Whether, at an instant, somebody vouches for a visit that is still to come."""
    return attendance not in CALLED_OFF and occurred_at > at


class Signable(TypedDict):
    """What decides whether a session can be signed: a part of its view."""

    occurred_at: datetime
    attendance: Attendance
    technique: Technique | None
    needlings: list[NeedlingView]
    needle_count: NeedleCountView | None


def unready(session: Signable, at: datetime) -> Iterator[Fault]:
    """What keeps a draft from being signed at an instant."""
    if is_ahead(session["occurred_at"], at + CLOCKS_DIFFER, session["attendance"]):
        yield Fault("/occurred_at", "in_the_future", "A visit is signed once it has taken place.")
    if session["attendance"] != "attended":
        return
    if session["technique"] is None:
        yield Fault("/technique", "technique_missing", "A signed visit names its technique.")
    if session["needlings"]:
        yield from _count_faults(session["needle_count"])


def _count_faults(count: NeedleCountView | None) -> Iterator[Fault]:
    """Every needle that went in came out: a needle left behind must be noticed now."""
    place = pointer("needle_count")
    if count is None:
        yield Fault(place, "needle_count_missing", "Count the needles before signing.")
    elif count["removed"] != count["inserted"] and not count["mismatch_reason"]:
        yield Fault(
            place + pointer("removed"),
            "needles_unaccounted",
            "Needles removed differ from needles inserted: count again or give mismatch_reason.",
        )


def check_signed_after(signed_at: datetime, occurred_at: datetime, attendance: str) -> None:
    """A visit is signed once it has taken place."""
    if is_ahead(occurred_at, signed_at, attendance):
        raise RuleBroken("before_session", "A session is not signed before it takes place.")


def check_signed(status: str, *, given: bool) -> None:
    """A record that was signed elsewhere says when and by whom; a draft has no signature."""
    if status == "signed" and not given:
        raise RuleBroken("signature_missing", "A signed session says when and by whom.")
    if status == "draft" and given:
        raise RuleBroken("not_signed", "A draft has no signature.")


def check_voided(status: str, *, given: bool) -> None:
    """A session that was voided elsewhere says when; no other does."""
    if status == "void" and not given:
        raise RuleBroken("voided_at_missing", "A void session says when it was voided.")
    if status != "void" and given:
        raise RuleBroken("not_void", "Only a void session was voided.")
