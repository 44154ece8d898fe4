"""How soon muscles release, where anybody looked at the clock.

The time to a complete release is a survival time: a needle that was taken out before the muscle
let go says only that it took longer. The median is therefore that of Kaplan and Meier (1958, J Am
Stat Assoc 53:457-481), never the mean or median of the muscles that did release.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from app.progress.rules.history import Json, Needled

Timed = tuple[int, bool]
"""Seconds, and whether the muscle released then; if not, the needle came out."""


def release(needled: Sequence[Needled]) -> Json:
    """The document's `release`: needlings by what the patient felt, and the time to a release."""
    felt = Counter([row[8] for row in needled])
    return {
        "needlings": felt["complete"] + felt["partial"] + felt["none"],
        "complete": felt["complete"],
        "partial": felt["partial"],
        "none": felt["none"],
        "time_to_release": time_to_release(needled),
    }


def time_to_release(needled: Iterable[Needled]) -> Json:
    """The median of the time to a complete release, in seconds, over the `n` that have a time.

    `median_s` is null where fewer than half are known to have released.
    """
    looked = [row for row in needled if row[10] is not None or row[11] is not None]
    times = [timed for timed in map(_timed, looked) if timed is not None]
    return {
        "method": "kaplan_meier",
        "n": len(times),
        "released": sum(released for _, released in times),
        "median_s": median(times),
    }


def _timed(row: Needled) -> Timed | None:
    """A needling's time; None where none was taken, or nobody asked for the release."""
    felt, retention_s, release_after_s = row[8], row[10], row[11]
    if felt == "complete":
        return None if release_after_s is None else (release_after_s, True)
    return None if felt is None or retention_s is None else (retention_s, False)


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
