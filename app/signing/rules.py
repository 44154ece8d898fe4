"""What consents and screenings say against a signature. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, NamedTuple

from app.core.values.faults import Fault

TREATMENT: Final = frozenset({"needling", "thoracic_needling", "electrical"})
"""The kinds of consent without which nobody may be needled so."""


class Consented(NamedTuple):
    """A patient's decision on one kind of treatment."""

    kind: str
    decision: str
    obtained_at: datetime
    withdrawn_at: datetime | None


def needed(*, thoracic: bool, electrical: bool) -> frozenset[str]:
    """Return the kinds of consent that a visit with needles depends on."""
    apart = {"thoracic_needling": thoracic, "electrical": electrical}
    return frozenset(kind for kind in TREATMENT if apart.get(kind, True))


def consent_faults(
    consents: Iterable[Consented], kinds: frozenset[str], occurred_at: datetime
) -> Iterator[Fault]:
    """Yield a fault for each kind of consent that was refused or withdrawn when a visit took place.

    The patient's last decision before the visit counts.
    """
    last: dict[str, Consented] = {}
    for consent in sorted(consents, key=lambda each: each.obtained_at):
        if consent.kind in kinds and consent.obtained_at <= occurred_at:
            last[consent.kind] = consent
    for kind, consent in sorted(last.items()):
        if consent.decision == "refused":
            detail = f"The patient had refused: {kind}."
            yield Fault("", "consent_refused", detail)
        elif consent.withdrawn_at is not None and consent.withdrawn_at <= occurred_at:
            detail = f"The patient had withdrawn their consent: {kind}."
            yield Fault("", "consent_withdrawn", detail)


class Answered(NamedTuple):
    """One answer of a screening, with the screening's decision."""

    code: str
    answer: str
    detail: str | None
    decision: str
    override_reason: str | None


def screening_faults(
    answers: Iterable[Answered], of_concern: frozenset[tuple[str, str]]
) -> Iterator[Fault]:
    """Yield a fault if an answer of concern led to no decision, and nobody said why.

    `of_concern` has the codes with the answers that are of concern.
    """
    if any(
        (each.code, each.answer) in of_concern
        and each.decision == "proceed"
        and not each.detail
        and not each.override_reason
        for each in answers
    ):
        detail = "An answer of concern in the screening needs a detail, or another decision."
        yield Fault("", "screening_of_concern", detail)
