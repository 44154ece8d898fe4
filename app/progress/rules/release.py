"""How soon muscles release, where anybody looked at the clock.

The time to a complete release is a survival time: a needle that was taken out before the muscle
let go says only that it took longer. The median is therefore that of Kaplan and Meier (1958, J Am
Stat Assoc 53:457-481), never the mean or median of the muscles that did release.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from app.progress.rules.history import Json, Needlings, Place

Timed = tuple[int, bool]
"""Seconds, and whether the muscle released then; if not, the needle came out."""


def release(needlings: Needlings) -> Json:
    """The document's `release`: needlings by what the patient felt, and the time to a release."""
    felt = Counter(needlings.release)
    return {
        "needlings": felt["complete"] + felt["partial"] + felt["none"],
        "complete": felt["complete"],
        "partial": felt["partial"],
        "none": felt["none"],
        "time_to_release": time_to_release(timed for _, timed in times_of(needlings)),
    }


def times_of(needlings: Needlings) -> Iterator[tuple[Place, Timed]]:
    """The times of those needlings that have one, each with the place that was needled.

    It is the time to the release where the muscle released completely. It is the time for which the
    needle stayed where it did not. Others have none: nobody took the time, or asked the patient.
    """
    retained, released = needlings.retention_s, needlings.release_after_s
    if retained.count(None) == released.count(None) == len(needlings.release):
        return  # nobody looked at the clock
    for place, felt, retention_s, release_after_s in zip(
        needlings.place, needlings.release, retained, released, strict=True
    ):
        if felt == "complete":
            if release_after_s is not None:
                yield place, (release_after_s, True)
        elif felt is not None and retention_s is not None:
            yield place, (retention_s, False)


def time_to_release(times: Iterable[Timed]) -> Json:
    """The median of the time to a complete release, in seconds, over the `n` that have a time.

    `median_s` is null where fewer than half are known to have released.
    """
    found = sorted(times)
    return {
        "method": "kaplan_meier",
        "n": len(found),
        "released": sum(released for _, released in found),
        "median_s": median(found),
    }


def median(times: Iterable[Timed]) -> int | None:
    """The first time at which at most half are left, by the product-limit estimate.

    Of a release and a removal at one time the release comes first. Exact: in whole numbers.
    """
    found = sorted(times)
    at_risk = len(found)
    left, of = 1, 1
    for at, ended in groupby(found, itemgetter(0)):
        together = [is_released for _, is_released in ended]
        left, of = left * (at_risk - sum(together)), of * at_risk
        if 2 * left <= of:
            return int(at)
        at_risk -= len(together)
    return None
