"""The verdict on a change: whether it is real, and whether it is worthwhile.

A change is *real* if it reaches the minimal detectable change (MDC), the measurement error of the
instrument. It is *worthwhile* if it reaches the minimal clinically important difference (MCID; for
low back pain Ostelo et al. 2008). Studies disagree on both, so each verdict comes with the
thresholds that it used.

| improvement reaches   | verdict                                                         |
|-----------------------|-----------------------------------------------------------------|
| MCID and MDC          | `improved_important`                                            |
| MCID, no MDC is known | `improved_important`: the MCID alone decides                    |
| MCID, but not the MDC | `improved_uncertain`: it may be error of measurement            |
| MDC, no MCID is known | `improved_uncertain`: real, but nobody knows whether worthwhile |
| MDC, but not the MCID | `stable`: real, but not worthwhile                              |
| neither               | `stable`, or `worse` after a loss of the larger of the two      |

Without any threshold, and without a value after the baseline, the verdict is `insufficient`.
"""

from typing import Literal, NamedTuple, Self

from typing_extensions import TypeAliasType

from app.instruments.rules import Better
from app.progress.rules.history import Scale

Verdict = TypeAliasType(
    "Verdict",
    Literal["improved_important", "improved_uncertain", "stable", "worse", "insufficient"],
)
"""What a change amounts to. `uncertain`: it may lie within measurement error."""

FLOAT_TOLERANCE = 1e-9
"""The rounding error by which a difference may miss a threshold: 7.1 - 5.1 does reach 2."""


def effective_mcid(baseline: float, mcid: float | None, mcid_percent: float | None) -> float | None:
    """The MCID for this baseline, in the units of the instrument; None where none is known.

    An absolute MCID takes precedence. Otherwise it is the percentage of the baseline, unless the
    baseline is 0.
    """
    if mcid is None and mcid_percent is not None and baseline:
        return abs(baseline) * mcid_percent / 100
    return mcid


class Criteria(NamedTuple):
    """The thresholds for a change on one scale, from one baseline; None where none is known."""

    better: Better
    mdc: float | None
    mcid: float | None

    @classmethod
    def of(cls, scale: Scale, baseline: float) -> Self:
        """Take the thresholds of a scale."""
        thresholds = scale.thresholds
        if thresholds is None:
            return cls(scale.better, None, None)
        mcid = effective_mcid(baseline, thresholds.mcid, thresholds.mcid_percent)
        return cls(scale.better, thresholds.mdc, mcid)

    @property
    def larger_threshold(self) -> float | None:
        """The larger of MDC and MCID; the only one where the other is missing; None without any."""
        return max((least for least in (self.mdc, self.mcid) if least is not None), default=None)

    def merit(self, value: float) -> float:
        """The value, negated if lower is better, so that an improvement is always a gain."""
        return value if self.better == "higher" else -value

    def is_real(self, gain: float) -> bool | None:
        """Whether a change, for better or worse, reaches the MDC."""
        return None if self.mdc is None else abs(gain) >= self.mdc - FLOAT_TOLERANCE

    def is_worthwhile(self, gain: float) -> bool | None:
        """Whether an improvement reaches the MCID."""
        return None if self.mcid is None else gain >= self.mcid - FLOAT_TOLERANCE

    def verdict(self, gain: float) -> Verdict:
        """The verdict on a ``gain``, by the table above; a gain is negative if it got worse."""
        if self.larger_threshold is None:
            return "insufficient"
        if gain <= FLOAT_TOLERANCE - self.larger_threshold:
            return "worse"
        real, worthwhile = self.is_real(gain), self.is_worthwhile(gain)
        if worthwhile is False:
            return "stable"
        if worthwhile is None:
            return "improved_uncertain" if real else "stable"
        return "improved_uncertain" if real is False else "improved_important"
