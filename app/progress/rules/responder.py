"""Whether a patient responded by one measure, and since when.

A patient responds from the first value on that is an important improvement over the baseline
(see `verdict`), for as long as the values stay one. A response that was reached and is gone is
said to be lost. Nothing is said where the instrument has no thresholds to respond by, or where
there is no value after the baseline.
"""

from collections.abc import Sequence

from app.progress.rules.history import Json, Occasion
from app.progress.rules.verdict import HAIR, Bar


def responder(bar: Bar, gains: Sequence[float], occasions: Sequence[Occasion]) -> Json | None:
    """The state by the values after the baseline, each at its occasion.

    `state` is `responding`, `lost` or `not_yet`; `since` is when it began, null for `not_yet`;
    `first_at` is when the patient first responded.
    """
    if bar.mcid is None or not gains:
        return None
    enough = least(bar)
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


def least(bar: Bar) -> float:
    """The least gain that is an important improvement where there is an MCID.

    It reaches MCID and MDC, that is the larger of them.
    """
    return (bar.highest or 0.0) - HAIR
