"""The time until a muscle releases, where it was recorded.

The time to a complete release is a survival time. A needle that was removed before the muscle
released only shows that the release would have taken longer: the time is censored. So the median
is the Kaplan-Meier estimate (1958, J Am Stat Assoc 53:457-481), never the mean or median of the
muscles that did release.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from app.progress.rules.history import Json, Needlings, Place

Timed = tuple[int, bool]
"""Seconds, and whether the muscle released then; if not, the needle was removed (censored)."""


def release(needlings: Needlings) -> Json:
    """The document's `release`: needlings by the release that the patient felt, and its time."""
    felt = Counter(needlings.release)
    return {
        "needlings": felt["complete"] + felt["partial"] + felt["none"],
        "complete": felt["complete"],
        "partial": felt["partial"],
        "none": felt["none"],
        "time_to_release": time_to_release(timed for _, timed in times_of(needlings)),
    }


def times_of(needlings: Needlings) -> Iterator[tuple[Place, Timed]]:
    """The time of each needling that has one, with the place that was needled.

    For a complete release it is the time until the release. Otherwise it is the time for which
    the needle stayed. A needling without a recorded time or release is left out.
    """
    retained, released = needlings.retention_s, needlings.release_after_s
    if retained.count(None) == released.count(None) == len(needlings.release):
        return  # no time was recorded
    for place, felt, retention_s, release_after_s in zip(
        needlings.place, needlings.release, retained, released, strict=True
    ):
        if felt == "complete":
            if release_after_s is not None:
                yield place, (release_after_s, True)
        elif felt is not None and retention_s is not None:
            yield place, (retention_s, False)


def time_to_release(times: Iterable[Timed]) -> Json:
    """The median time to a complete release, in seconds, over the `n` needlings with a time.

    `median_s` is null where the estimate never falls to one half.
    """
    ordered = sorted(times)
    return {
        "method": "kaplan_meier",
        "n": len(ordered),
        "released": sum(released for _, released in ordered),
        "median_s": median(ordered),
    }


def median(times: Iterable[Timed]) -> int | None:
    """The first time at which the product-limit estimate is at most one half; None if never.

    A release and a removal at the same time count in this order. The estimate is kept as a
    fraction of whole numbers, `left` / `of`, so it is exact.
    """
    ordered = sorted(times)
    at_risk = len(ordered)
    left, of = 1, 1
    for at, ended in groupby(ordered, itemgetter(0)):
        together = [is_released for _, is_released in ended]
        left, of = left * (at_risk - sum(together)), of * at_risk
        if 2 * left <= of:
            return int(at)
        at_risk -= len(together)
    return None
