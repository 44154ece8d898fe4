"""Rules of consents, screenings and adverse events. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from app.core.values.faults import Fault, RuleBroken
from app.safety.views import (
    AdverseEventView,
    AnswerView,
    ConsentView,
    ScreeningDecision,
    ScreeningView,
)
from app.vocabularies.rules import OTHER

STANDS: Final = timedelta(days=90)
"""For how long what sent somebody to an emergency department stands on a chart. No source states
one."""
NOTED: Final = timedelta(days=365)
"""For how long a serious or significant event, and any fainting, is told before needling. It is
this project's rule: no source states a time."""
FAINTING: Final = "vasovagal"
CONTRADICTED: Final[Mapping[str, str]] = {
    "vasovagal": "fainting",
    "seizure": "epilepsy",
    "pneumothorax": "lung_disease",
}
"""Kinds of events, each with the question of a screening that asks whether there was one. It is
this project's list."""
HEEDED: Final = ("yes", "unknown")
"""The answers of a screening to heed: what isn't known may be so."""


def check_withdrawn(decision: str, withdrawn_at: datetime | None) -> None:
    """Require `withdrawn_at` for a withdrawn consent, and for no other."""
    if decision == "withdrawn" and withdrawn_at is None:
        detail = "A withdrawn consent needs the time of its withdrawal."
        raise RuleBroken("withdrawn_at_missing", detail)
    if decision != "withdrawn" and withdrawn_at is not None:
        raise RuleBroken("not_withdrawn", "Only a withdrawn consent has a time of withdrawal.")


def check_of_messages(kind: str, decision: str, member: str, value: str | None) -> None:
    """Require a channel and an address of a consent to messages, and refuse them elsewhere."""
    if kind != "messages" and value is not None:
        raise RuleBroken("not_of_messages", f"Only a consent to messages has {member}.")
    if kind != "messages" or decision != "given" or value is not None:
        return
    if member == "channel":
        raise RuleBroken("channel_missing", "A consent to messages needs a channel.")
    raise RuleBroken("address_missing", "A consent to messages needs an address.")


def folded_address(channel: str | None, address: str | None) -> str | None:
    """Return an address in the form in which two patients' addresses are compared.

    Of what isn't an e-mail address, only letters, digits and a leading plus count.
    """
    if address is None:
        return None
    folded = address.casefold()
    if channel == "email":
        return folded
    plus = "+" if folded.startswith("+") else ""
    return plus + "".join(filter(str.isalnum, folded))


def check_not_before(later: datetime | None, earlier: datetime | None) -> None:
    """Require that the later of two instants is not before the earlier one."""
    if later is not None and earlier is not None and later < earlier:
        raise RuleBroken("out_of_order", "This is earlier than the event before it.")


def standing_refusals(consents: Iterable[ConsentView]) -> list[ConsentView]:
    """Return the consents that a patient refused or withdrew, if that is their last word.

    A later decision on the same kind takes its place, if it is about the same episode or all.
    """
    listed = list(consents)
    return [
        consent
        for consent in listed
        if consent["decision"] != "given"
        and not any(
            other["kind"] == consent["kind"]
            and other["episode_id"] in {None, consent["episode_id"]}
            and _decided_at(other) > _decided_at(consent)
            for other in listed
        )
    ]


def _decided_at(consent: ConsentView) -> datetime:
    return consent["withdrawn_at"] or consent["obtained_at"]


class Standing(NamedTuple):
    """An answer of a screening that still holds, with what was decided then."""

    said: AnswerView
    at: datetime
    decision: ScreeningDecision
    reason: str | None
    """Why the needling went ahead, if somebody overrode the rules."""


def standing_answers(screenings: Iterable[ScreeningView]) -> list[Standing]:
    """Return the answers `yes` and `unknown` that no later screening took back, `yes` first.

    A screening that doesn't ask a question again leaves its last answer as it was.
    """
    found = [one for one in _last_answers(screenings) if one.said["answer"] in HEEDED]
    return sorted(found, key=lambda one: HEEDED.index(one.said["answer"]))


def contradictions(
    screenings: Iterable[ScreeningView], events: Iterable[AdverseEventView]
) -> Iterator[tuple[Standing, AdverseEventView]]:
    """Yield each last answer `no` with the newest recorded event before it that contradicts it."""
    listed = list(events)
    for one in _last_answers(screenings):
        earlier = [event for event in listed if event["occurred_at"] < one.at]
        event = contradicting(earlier, one.said["code"])
        if one.said["answer"] == "no" and event is not None:
            yield one, event


def _last_answers(screenings: Iterable[ScreeningView]) -> Iterable[Standing]:
    last: dict[tuple[str, str | None], Standing] = {}
    for one in sorted(screenings, key=lambda one: (one["decided_at"], one["id"])):
        for said in one["answers"]:
            own = said["detail"] if said["code"] == OTHER else None
            standing = Standing(said, one["decided_at"], one["decision"], one["override_reason"])
            last[said["code"], own] = standing
    return last.values()


def standing_events(events: Iterable[AdverseEventView], at: datetime) -> list[AdverseEventView]:
    """Return the events to know before needling at `at`: serious ones first, then the newest.

    Serious and significant ones and any fainting stand for a year, although somebody acknowledged
    their alerts.
    """
    recent = [one for one in events if one["occurred_at"] > at - NOTED and _is_noted(one)]
    by_time = sorted(recent, key=lambda one: (one["occurred_at"], one["id"]), reverse=True)
    return sorted(by_time, key=lambda one: one["severity"] != "serious")


def _is_noted(event: AdverseEventView) -> bool:
    return event["severity"] != "mild" or event["kind"] == FAINTING


def contradicting(events: Iterable[AdverseEventView], code: str) -> AdverseEventView | None:
    """Return the newest recorded event that a screening's "no" to a question contradicts."""
    found = [
        one for one in events if CONTRADICTED.get(one["kind"]) == code and not one["close_call"]
    ]
    return max(found, key=lambda one: (one["occurred_at"], one["id"]), default=None)


def repeated_faults(codes: Iterable[str | None]) -> Iterator[Fault]:
    """Yield a fault if a question of a screening is asked twice. `other` may be."""
    asked = [code for code in codes if code != OTHER]
    if len(set(asked)) < len(asked):
        yield Fault("/answers", "repeated", "A value is listed twice.")


def validity_faults(valid_until: date | None, obtained_on: date) -> Iterator[Fault]:
    """Yield a fault if a consent expires before the day on which it was obtained."""
    if valid_until is not None and valid_until < obtained_on:
        yield Fault("/valid_until", "out_of_order", "A consent can't expire before it is obtained.")
