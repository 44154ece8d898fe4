"""What may be said of a change: whether it is real, and whether it is worthwhile.

A change is *real* if it reaches the minimal detectable change (MDC), which is the error of
measurement of the instrument, and *worthwhile* if it reaches the minimal clinically important
difference (MCID; for low back pain Ostelo et al. 2008). Both come from studies that disagree,
so each verdict is given with the thresholds it used.

| improvement reaches   | verdict                                                         |
|-----------------------|-----------------------------------------------------------------|
| MCID and MDC          | `improved_important`                                            |
| MCID, no MDC is known | `improved_important`: the MCID alone decides                    |
| MCID, but not the MDC | `improved_uncertain`: it may be error of measurement            |
| MDC, no MCID is known | `improved_uncertain`: real, whether worthwhile cannot be said   |
| MDC, but not the MCID | `stable`: real, but not worthwhile                              |
| neither               | `stable`, or `worse` if it got worse by the larger of the two   |

Without any threshold, and without a value after the baseline, the verdict is `insufficient`.
"""

from typing import Literal, NamedTuple, Self

from app.progress.rules.history import Scale

Verdict = Literal["improved_important", "improved_uncertain", "stable", "worse", "insufficient"]

HAIR = 1e-9
"""What floating-point numbers may miss a threshold by: 7.1 - 5.1 does reach 2."""


def important(baseline: float, mcid: float | None, mcid_percent: float | None) -> float | None:
    """The least change from a baseline that is worthwhile; None where none is known.

    The absolute MCID decides where there is one; a percentage of the baseline only where it
    stands alone, and not from a baseline of 0, of which there is no percentage.
    """
    if mcid is None and mcid_percent is not None and baseline:
        return abs(baseline) * mcid_percent / 100
    return mcid


class Bar(NamedTuple):
    """What a change has to clear on one scale, from one baseline; None where none is known."""

    better: Literal["lower", "higher"]
    mdc: float | None
    mcid: float | None

    @classmethod
    def of(cls, scale: Scale, baseline: float) -> Self:
        """Take the thresholds of a scale."""
        thresholds = scale.thresholds
        if thresholds is None:
            return cls(scale.better, None, None)
        mcid = important(baseline, thresholds.mcid, thresholds.mcid_percent)
        return cls(scale.better, thresholds.mdc, mcid)

    @property
    def highest(self) -> float | None:
        """The larger of MDC and MCID, or the one there is."""
        return max((bar for bar in (self.mdc, self.mcid) if bar is not None), default=None)

    def merit(self, value: float) -> float:
        """The value turned such that higher is better, so that a gain is a difference."""
        return value if self.better == "higher" else -value

    def is_real(self, gain: float) -> bool | None:
        """Whether a change, for better or worse, reaches the MDC."""
        return None if self.mdc is None else abs(gain) >= self.mdc - HAIR

    def is_worthwhile(self, gain: float) -> bool | None:
        """Whether an improvement reaches the MCID."""
        return None if self.mcid is None else gain >= self.mcid - HAIR

    def verdict(self, gain: float) -> Verdict:
        """Judge an improvement of ``gain``, which is negative if it got worse, by the table."""
        if self.highest is None:
            return "insufficient"
        if gain <= HAIR - self.highest:
            return "worse"
        real, worthwhile = self.is_real(gain), self.is_worthwhile(gain)
        if worthwhile is False:
            return "stable"
        if worthwhile is None:
            return "improved_uncertain" if real else "stable"
        return "improved_uncertain" if real is False else "improved_important"
