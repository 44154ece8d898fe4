"""Whether a patient responded by one measure, and since when.

A patient responds while the values are an important improvement over the baseline (see
`verdict`). A response that was reached and has ended is called lost. There is no state where the
instrument has no thresholds, or where there is no value after the baseline.
"""

from collections.abc import Sequence

from app.progress.rules.history import Json, Occasion
from app.progress.rules.verdict import FLOAT_TOLERANCE, Criteria


def responder(
    criteria: Criteria, gains: Sequence[float], occasions: Sequence[Occasion]
) -> Json | None:
    """The responder state, from the gains after the baseline and their occasions; None without one.

    `state` is `responding`, `lost` or `not_yet`. `since` is the time at which that state began,
    null for `not_yet`. `first_at` is the time at which the patient first responded.
    """
    if criteria.mcid is None or not gains:
        return None
    enough = least_important_gain(criteria)
    reached = [gain >= enough for gain in gains]
    if True not in reached:
        return {"state": "not_yet", "since": None, "first_at": None}
    turned = len(reached) - 1
    while turned and reached[turned - 1] == reached[-1]:
        turned -= 1
    return {
        "state": "responding" if reached[-1] else "lost",
        "since": occasions[turned].at,
        "first_at": occasions[reached.index(True)].at,
    }


def least_important_gain(criteria: Criteria) -> float:
    """The least gain that is an important improvement, where there is an MCID.

    An important improvement reaches both MDC and MCID, so this is the larger of them.
    """
    return (criteria.larger_threshold or 0.0) - FLOAT_TOLERANCE
