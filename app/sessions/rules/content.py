"""Rules that concern several fields of a session's content. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from app.core.values.faults import Fault, RuleBroken, check_distinct

LATE_AFTER = timedelta(hours=24)
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
        detail = "Electrical stimulation needs its frequency and its current."
        raise RuleBroken("electrical_missing", detail)


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


def check_signed_after(signed_at: datetime, occurred_at: datetime, attendance: str) -> None:
    """Require that a session isn't signed before it takes place."""
    if is_in_future(occurred_at, signed_at, attendance):
        raise RuleBroken("before_session", "A session can't be signed before it takes place.")


def check_signed(status: str, *, given: bool) -> None:
    """Require time and name of a signature for a signed session, and none for a draft."""
    if status == "signed" and not given:
        detail = "A signed session needs its signer and the time of the signature."
        raise RuleBroken("signature_missing", detail)
    if status == "draft" and given:
        raise RuleBroken("not_signed", "A draft has no signature.")


def check_voided(status: str, *, given: bool) -> None:
    """Require the time of voiding for a void session, and for no other."""
    if status == "void" and not given:
        raise RuleBroken("voided_at_missing", "A void session needs the time when it was voided.")
    if status != "void" and given:
        raise RuleBroken("not_void", "Only a void session has a time when it was voided.")


def voiding_faults(
    voided_at: datetime | None, signed_at: datetime | None, occurred_at: datetime, attendance: str
) -> Iterator[Fault]:
    """Yield a fault if a session was voided before it was signed, or before it took place."""
    if voided_at is None:
        return
    if signed_at is not None and voided_at < signed_at:
        yield Fault("/voided_at", "out_of_order", "A session can't be voided before it is signed.")
    elif is_in_future(occurred_at, voided_at, attendance):
        yield Fault(
            "/voided_at", "before_session", "A visit can't be voided before it takes place."
        )
