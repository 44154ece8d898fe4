"""The breaking changes since the last release that were made on purpose."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple


class Allowed(NamedTuple):
    """One finding of the rules that may stand."""

    found: str
    """The finding, as the rules word it."""
    reason: str
    changelog: str
    """Words of the line in CHANGELOG.md that tells clients about it."""


_ON_TIMELINE: Final = (
    "An alert that a chart leaves out endangers the patient. From now on the document says that"
    " the values may grow."
)
_ACCOUNT: Final = "People sign in as themselves: what calls for them is of a new kind."
_ASKED: Final = "Patients are asked how they are only if they agree to that apart."
ALLOWED: tuple[Allowed, ...] = (
    *(
        Allowed(
            f"{name} (answer): there is a new value account",
            _ACCOUNT,
            "The `kind` of what calls may be `account`",
        )
        for name in ("Kind", "DescendantKind")
    ),
    Allowed(
        "OnTimeline (answer): there is a new value alert",
        _ON_TIMELINE,
        "The timeline has alerts (`type` is `alert`)",
    ),
    Allowed(
        "TimelineItemView (answer)/record: it may now be object AlertView",
        _ON_TIMELINE,
        "The timeline has alerts (`type` is `alert`)",
    ),
    Allowed(
        "ConsentKind (answer): there is a new value messages",
        _ASKED,
        "a consent of the new kind `messages`",
    ),
)


def complaints(
    findings: Collection[str], allowed: Iterable[Allowed], changelog: str
) -> Iterator[str]:
    """What is wrong: a change that isn't allowed, or an allowance that is stale or untold."""
    allowed = tuple(allowed)
    text = " ".join(changelog.split())
    yield from sorted(set(findings) - {each.found for each in allowed})
    for each in allowed:
        if each.found not in findings:
            yield f"{each.found}: this is allowed, but it is no change"
        if not each.reason:
            yield f"{each.found}: there is no reason"
        if not each.changelog or each.changelog not in text:
            yield f"{each.found}: CHANGELOG.md doesn't tell of it"
