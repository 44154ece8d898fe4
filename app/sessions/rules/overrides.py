"""Overrides: faults of a session that its signer knew of, and their reasons. Pure.

An override belongs to one fault at one place. Without that fault there is nothing to override.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, cast

from typing_extensions import TypedDict

from app.core.values.faults import Fault, pointer
from app.sessions.rules.signing import Signable
from app.sessions.views import Overridable, OverrideView

Place = tuple[str | None, ...]
_Key = tuple[str, str | None]
"""A code and a JSON Pointer; None for every place."""
_NEEDLINGS = pointer("needlings") + "/"


class GivenOverride(TypedDict):
    """An override as the signer gives it: for one place, or for all places of a fault."""

    pointer: str | None
    code: Overridable
    reason: str


class Settled(NamedTuple):
    """What became of the faults of a session, and of the overrides that were given."""

    overrides: list[OverrideView]
    left: list[Fault]
    """The faults that nobody overrode."""
    idle: list[int]
    """The positions of the given overrides that override nothing."""


def settle(
    found: Iterable[Fault], given: Sequence[GivenOverride], kept: Iterable[OverrideView] = ()
) -> Settled:
    """Match faults with overrides.

    `kept` has the overrides of earlier versions. An override given for one place replaces a kept
    one. One given for all places leaves the kept ones as they are.
    """
    earlier: dict[_Key, str] = {(each["code"], each["pointer"]): each["reason"] for each in kept}
    now: dict[_Key, str] = {(each["code"], each["pointer"]): each["reason"] for each in given}
    used: set[_Key] = set()
    settled = Settled([], [], [])
    for fault in found:
        here: _Key = (fault.code, fault.pointer)
        everywhere: _Key = (fault.code, None)
        if here in now or (here not in earlier and everywhere in now):
            key = here if here in now else everywhere
            used.add(key)
            reason = now[key]
        elif here in earlier:
            reason = earlier[here]
        else:
            settled.left.append(fault)
            continue
        code = cast("Overridable", fault.code)
        settled.overrides.append(OverrideView(pointer=fault.pointer, code=code, reason=reason))
    settled.idle.extend(
        position
        for position, each in enumerate(given)
        if (each["code"], each["pointer"]) not in used
    )
    return settled


def idle_faults(settled: Settled) -> Iterator[Fault]:
    """Yield a fault for each given override that overrides nothing: it would state a falsehood."""
    for position in settled.idle:
        yield Fault(
            pointer("overrides", position, "code"),
            "nothing_to_override",
            "The session has no such fault there that isn't overridden already.",
        )


def stated(settled: Settled, given: Sequence[GivenOverride]) -> list[OverrideView]:
    """Return the overrides of a session that was signed elsewhere.

    What was overridden there may be no fault here, or one of other records, such as consents.
    """
    idle = [given[position] for position in settled.idle]
    return [
        *settled.overrides,
        *(
            OverrideView(pointer=each["pointer"] or "", code=each["code"], reason=each["reason"])
            for each in idle
        ),
    ]


def carried(
    overrides: Iterable[OverrideView], before: Signable, found: Iterable[Fault], after: Signable
) -> list[OverrideView]:
    """Return the overrides that still hold after an amendment, at the places of today's faults.

    `found` has the faults of the session after it.
    """
    reasons: dict[tuple[str, Place], str] = {
        (each["code"], place(before, each["pointer"])): each["reason"] for each in overrides
    }
    return [
        OverrideView(
            pointer=fault.pointer, code=cast("Overridable", fault.code), reason=reasons[key]
        )
        for fault in found
        if (key := (fault.code, place(after, fault.pointer))) in reasons
    ]


def made(
    left: Iterable[Fault], after: Signable, had: Iterable[Fault], before: Signable
) -> list[Fault]:
    """Return the faults that an amendment makes. `had` has those that the session had before."""
    old = {(fault.code, place(before, fault.pointer)) for fault in had}
    return [fault for fault in left if (fault.code, place(after, fault.pointer)) not in old]


def place(session: Signable, at: str) -> Place:
    """Return what a JSON Pointer points at, whatever its position among the needlings.

    A needling is known by its muscle, side and spinal level.
    """
    position, _, member = at.removeprefix(_NEEDLINGS).partition("/")
    needlings = session["needlings"]
    if at.startswith(_NEEDLINGS) and position.isdecimal() and int(position) < len(needlings):
        needling = needlings[int(position)]
        return needling["muscle"], needling["side"], needling["spinal_level"], member
    return (at,)
