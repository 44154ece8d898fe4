"""What consents say against a signature. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from app.core.values.faults import Fault

TREATMENT: Final = frozenset({"needling", "thoracic_needling", "electrical"})
"""The kinds of consent without which nobody may be needled so."""


class Consented(NamedTuple):
    """A patient's decision on one kind of treatment, for one episode or for all."""

    kind: str
    decision: str
    obtained_at: datetime
    withdrawn_at: datetime | None
    episode_id: UUID | None


class Visit(NamedTuple):
    """What consents are compared with: the time of a session, and its episode."""

    occurred_at: datetime
    episode_id: UUID | None


def needed(*, thoracic: bool, electrical: bool) -> frozenset[str]:
    """Return the kinds of consent that a visit with needles depends on."""
    apart = {"thoracic_needling": thoracic, "electrical": electrical}
    return frozenset(kind for kind in TREATMENT if apart.get(kind, True))


def consent_faults(
    consents: Iterable[Consented], kinds: frozenset[str], visit: Visit
) -> Iterator[Fault]:
    """Yield a fault for each kind of consent that was refused or withdrawn when a visit took place.

    The patient's last decision before the visit counts. A decision on another episode doesn't.
    """
    decided: dict[str, list[tuple[datetime, bool, str]]] = {}
    for consent in consents:
        if consent.kind in kinds and _concerns(consent, visit):
            decided.setdefault(consent.kind, []).extend(
                (at, decision != "given", decision)
                for at, decision in _decisions(consent)
                if at <= visit.occurred_at
            )
    for kind, decisions in sorted(decided.items()):
        # At one instant, a refusal counts more than a consent.
        _, _, last = max(decisions, default=(None, False, "given"))
        if last == "refused":
            yield Fault("", "consent_refused", f"The patient had refused: {kind}.")
        elif last == "withdrawn":
            detail = f"The patient had withdrawn their consent: {kind}."
            yield Fault("", "consent_withdrawn", detail)


def _concerns(consent: Consented, visit: Visit) -> bool:
    """Return whether a decision concerns a visit: unless both belong to different episodes."""
    return None in {consent.episode_id, visit.episode_id} or consent.episode_id == visit.episode_id


def _decisions(consent: Consented) -> Iterator[tuple[datetime, str]]:
    """Yield what the patient decided, and when: a consent that was withdrawn was given before."""
    yield consent.obtained_at, "refused" if consent.decision == "refused" else "given"
    if consent.withdrawn_at is not None:
        yield consent.withdrawn_at, "withdrawn"
