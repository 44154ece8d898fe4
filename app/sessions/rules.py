"""Rules that concern several fields of a session. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from typing_extensions import TypedDict

from app.core.values.faults import Fault, RuleBroken, check_distinct, pointer
from app.sessions.views import Attendance, NeedleCountView, NeedlingView, Technique

LATE_AFTER = timedelta(hours=24)
CLOCK_SKEW_MAX = timedelta(minutes=5)
"""How far the clock of a tablet may be ahead of the server's."""
CALLED_OFF = ("cancelled", "declined")
"""Attendances that can be recorded before the time of the visit."""


def check_spinal_level(level: str | None, *, paraspinal: bool) -> None:
    """Require a spinal level for a paraspinal muscle, and for no other muscle."""
    if paraspinal and level is None:
        raise RuleBroken("spinal_level_missing", "A paraspinal muscle needs its spinal level.")
    if not paraspinal and level is not None:
        raise RuleBroken("spinal_level_forbidden", "Only a paraspinal muscle has a spinal level.")


def check_insertions(insertions: int, needles: int) -> None:
    """Require at least one insertion per needle."""
    if insertions < needles:
        raise RuleBroken(
            "fewer_insertions_than_needles", "There must be at least as many insertions as needles."
        )


def check_electrical(stimulation: str | None, *, given: bool) -> None:
    """Require the current for electrical stimulation, and only for it."""
    if given and stimulation != "electrical":
        raise RuleBroken("not_electrical", "Only electrical stimulation has a current.")
    if stimulation == "electrical" and not given:
        raise RuleBroken("electrical_missing", "Electrical stimulation needs hz and ma.")


def check_release_time(release: str | None, after_s: int | None) -> None:
    """Allow a time of release only for a partial or complete release."""
    if after_s is not None and release not in {"partial", "complete"}:
        raise RuleBroken("no_release", "Only a partial or complete release has a time.")


def check_sensations(sensations: Sequence[str]) -> None:
    """Require that each sensation is listed once, and `none` only alone."""
    check_distinct(sensations)
    if "none" in sensations and len(sensations) > 1:
        raise RuleBroken("none_and_more", "Give none alone, or the sensations that were felt.")


def check_visited(attendance: str, *, needled: bool) -> None:
    """Forbid needlings and a needle count for a visit that wasn't attended."""
    if needled and attendance != "attended":
        raise RuleBroken(
            "not_attended", "A visit that was not attended has no needling or needle count."
        )


def is_late(occurred_at: datetime, recorded_at: datetime) -> bool:
    """Return whether a session was recorded more than 24 hours after the visit."""
    return recorded_at - occurred_at > LATE_AFTER


def is_in_future(occurred_at: datetime, at: datetime, attendance: str) -> bool:
    """Return whether a visit is in the future at an instant, and wasn't called off."""
    return attendance not in CALLED_OFF and occurred_at > at


def practitioner_faults(day: date, inactive_from: date | None) -> Iterator[Fault]:
    """Yield a fault if a session is on a day when its practitioner is inactive already."""
    if inactive_from is not None and day >= inactive_from:
        yield Fault(
            "/practitioner_id",
            "practitioner_inactive",
            "This practitioner was inactive on the day of the session.",
        )


class Signable(TypedDict):
    """The members of a session's view that decide whether it can be signed."""

    occurred_at: datetime
    attendance: Attendance
    technique: Technique | None
    needlings: list[NeedlingView]
    needle_count: NeedleCountView | None


def signing_faults(session: Signable, at: datetime) -> Iterator[Fault]:
    """Yield the reasons why a session can't be signed at an instant."""
    if is_in_future(session["occurred_at"], at + CLOCK_SKEW_MAX, session["attendance"]):
        yield Fault(
            "/occurred_at", "in_the_future", "A session can't be signed before it takes place."
        )
    if session["attendance"] != "attended":
        return
    if session["technique"] is None:
        yield Fault("/technique", "technique_missing", "A signed session needs a technique.")
    if session["needlings"]:
        yield from _count_faults(session["needle_count"])


def _count_faults(count: NeedleCountView | None) -> Iterator[Fault]:
    """Yield a fault if the needles removed weren't counted, or differ without a reason."""
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
    """Require that a session isn't signed before it takes place."""
    if is_in_future(occurred_at, signed_at, attendance):
        raise RuleBroken("before_session", "signed_at is before occurred_at.")


def check_signed(status: str, *, given: bool) -> None:
    """Require time and name of a signature for a signed session, and none for a draft."""
    if status == "signed" and not given:
        raise RuleBroken("signature_missing", "A signed session needs signed_at and signed_by.")
    if status == "draft" and given:
        raise RuleBroken("not_signed", "A draft has no signature.")


def check_voided(status: str, *, given: bool) -> None:
    """Require the time of voiding for a void session, and for no other."""
    if status == "void" and not given:
        raise RuleBroken("voided_at_missing", "A void session needs voided_at.")
    if status != "void" and given:
        raise RuleBroken("not_void", "Only a void session has voided_at.")
