"""What consents and screenings say against a signature. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from app.core.values.faults import Fault, pointer
from app.sessions.views import NeedlingView

TREATMENT: Final = ("electrical", "needling", "thoracic_needling")
"""The kinds of consent without which nobody may be needled so."""


class Consented(NamedTuple):
    """A patient's decision on one kind of treatment, for one episode or for all."""

    kind: str
    decision: str
    obtained_at: datetime
    withdrawn_at: datetime | None
    episode_id: UUID | None
    valid_until: date | None
    """The last clinic day on which a consent counts; None for no end."""
    id: UUID | None = None


class Answered(NamedTuple):
    """An answer of a screening."""

    code: str
    is_of_concern: bool
    """Whether its vocabulary calls the answer to this question of concern."""
    detail: str | None


class Screened(NamedTuple):
    """A screening of the visit."""

    decision: str
    decided_at: datetime
    override_reason: str | None
    answers: list[Answered]


class Visit(NamedTuple):
    """What consents are compared with: the time of a session, its clinic day and its episode."""

    occurred_at: datetime
    day: date
    episode_id: UUID | None


def places(needlings: Sequence[NeedlingView], thoracic: Collection[str]) -> Mapping[str, list[str]]:
    """Return the JSON Pointers of what depends on each kind of consent, in a visit with needles.

    `thoracic` has the slugs of the muscles where a needle can reach the lung.
    """
    return {
        "needling": [pointer("needlings")],
        "thoracic_needling": [
            pointer("needlings", position, "muscle")
            for position, needling in enumerate(needlings)
            if needling["muscle"] in thoracic
        ],
        "electrical": [
            pointer("needlings", position, "electrical")
            for position, needling in enumerate(needlings)
            if needling["electrical"]
        ],
    }


def consent_faults(
    consents: Iterable[Consented], places: Mapping[str, list[str]], visit: Visit
) -> Iterator[Fault]:
    """Yield a fault for each place whose consent was refused or withdrawn when a visit took place.

    The patient's last decision before the visit counts, unless it is a consent that had expired.
    """
    for kind, (_, last) in sorted(last_decisions(consents, visit).items()):
        if last == "given":
            continue
        for place in places[kind]:
            if last == "refused":
                detail = f"The patient had refused: {kind}."
                yield Fault(place, "consent_refused", detail, about=(kind,))
            else:
                detail = f"The patient had withdrawn their consent: {kind}."
                yield Fault(place, "consent_withdrawn", detail, about=(kind,))


def last_decisions(
    consents: Iterable[Consented], visit: Visit
) -> Mapping[str, tuple[Consented, str]]:
    """Return the patient's last decision on each kind of treatment by the time of a visit.

    At one instant, a refusal counts more than a consent. A consent that had expired doesn't count.
    """
    found: dict[str, tuple[tuple[datetime, bool, str], Consented]] = {}
    for consent in consents:
        for at, decision in _decisions(consent):
            if at <= visit.occurred_at and _concerns(consent, decision, visit):
                rank = (at, decision != "given", decision)
                if consent.kind not in found or found[consent.kind][0] < rank:
                    found[consent.kind] = rank, consent
    return {kind: (consent, decision) for kind, ((_, _, decision), consent) in found.items()}


def screening_faults(screenings: Iterable[Screened]) -> Iterator[Fault]:
    """Yield a fault if a visit goes on in spite of an answer of concern.

    The last answer to each question counts. Its detail, or its screening's decision or reason,
    explains it.
    """
    unexplained: dict[str, bool] = {}
    for screening in sorted(screenings, key=lambda screening: screening.decided_at):
        goes_on = screening.decision == "proceed" and not screening.override_reason
        answered = dict.fromkeys((answer.code for answer in screening.answers), False)
        for answer in screening.answers:  # `other` may stand several times
            is_explained = not answer.is_of_concern or bool(answer.detail)
            answered[answer.code] |= goes_on and not is_explained
        unexplained |= answered
    codes = [code for code, is_unexplained in unexplained.items() if is_unexplained]
    if codes:
        detail = f"Answers of concern have no detail: {', '.join(codes)}."
        yield Fault(pointer("needlings"), "screening_of_concern", detail, about=tuple(codes))


def _concerns(consent: Consented, decision: str, visit: Visit) -> bool:
    """Return whether a decision concerns a visit.

    A consent to one episode allows no other visit. A refusal concerns a visit unless both belong to
    different episodes.
    """
    if decision == "given":
        is_valid = consent.valid_until is None or visit.day <= consent.valid_until
        return is_valid and consent.episode_id in {None, visit.episode_id}
    return None in {consent.episode_id, visit.episode_id} or consent.episode_id == visit.episode_id


def _decisions(consent: Consented) -> Iterator[tuple[datetime, str]]:
    """Yield what the patient decided, and when: a consent that was withdrawn was given before."""
    yield consent.obtained_at, "refused" if consent.decision == "refused" else "given"
    if consent.withdrawn_at is not None:
        yield consent.withdrawn_at, "withdrawn"
