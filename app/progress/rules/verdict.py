"""The verdict on a change: whether it is real, and whether it is worthwhile.

A change is *real* if it reaches the minimal detectable change (MDC, at 95 % confidence), the
measurement error of the instrument. It is *worthwhile* if it reaches the minimal clinically
important difference (MCID; for low back pain Ostelo et al. 2008). Studies disagree on both, so
each verdict comes with the thresholds that it used. A worsening is judged by the same thresholds
as an improvement.

| a change reaches          | better               | worse             |
|---------------------------|----------------------|-------------------|
| MCID and MDC              | `improved_important` | `worse`           |
| MCID, but not the MDC     | `improved_uncertain` | `worse_uncertain` |
| MCID, no MDC is known     | `improved_uncertain` | `worse_uncertain` |
| MDC, no MCID is known     | `improved_uncertain` | `worse_uncertain` |
| MDC, but not the MCID     | `stable`             | `stable`          |
| neither                   | `stable`             | `stable`          |

Without any threshold, and without a value after the baseline, the verdict is `insufficient`.
"""

from typing import Literal, NamedTuple, Self

from typing_extensions import TypeAliasType

from app.instruments.rules import Better
from app.progress.rules.history import Scale

Verdict = TypeAliasType(
    "Verdict",
    Literal[
        "improved_important",
        "improved_uncertain",
        "stable",
        "worse_uncertain",
        "worse",
        "insufficient",
    ],
)
"""What a change amounts to. `uncertain`: it may lie within measurement error, or not matter."""

FLOAT_TOLERANCE = 1e-9
"""The rounding error by which a difference may miss a threshold: 7.1 - 5.1 does reach 2."""


class Reachable(NamedTuple):
    """Whether the scale has room for a real and worthwhile change; None where nobody knows."""

    improved: bool | None
    worse: bool | None


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

    @property
    def important(self) -> float | None:
        """The least change that is real and worthwhile; None unless both thresholds are known."""
        if self.mdc is None or self.mcid is None:
            return None
        return max(self.mdc, self.mcid) - FLOAT_TOLERANCE

    def merit(self, value: float) -> float:
        """The value, negated if lower is better, so that an improvement is always a gain."""
        return value if self.better == "higher" else -value

    def is_real(self, gain: float) -> bool | None:
        """Whether a change, for better or worse, reaches the MDC."""
        return None if self.mdc is None else abs(gain) >= self.mdc - FLOAT_TOLERANCE

    def is_worthwhile(self, gain: float) -> bool | None:
        """Whether a change, for better or worse, reaches the MCID."""
        return None if self.mcid is None else abs(gain) >= self.mcid - FLOAT_TOLERANCE

    def verdict(self, gain: float) -> Verdict:
        """The verdict on a ``gain``, by the table above; a gain is negative if it got worse."""
        real, worthwhile = self.is_real(gain), self.is_worthwhile(gain)
        if real is None and worthwhile is None:
            return "insufficient"
        if worthwhile is False or (worthwhile is None and not real):
            return "stable"
        if real and worthwhile:
            return "improved_important" if gain > 0 else "worse"
        return "improved_uncertain" if gain > 0 else "worse_uncertain"

    def reachable(self, baseline: float, scale: Scale) -> Reachable:
        """Whether the scale has room for the larger threshold, from the baseline to either end.

        A scale without a good end, such as a force, always has room for an improvement.
        """
        return Reachable(
            improved=True if scale.best is None else self._has_room(baseline, scale.best),
            worse=self._has_room(baseline, scale.worst),
        )

    def _has_room(self, baseline: float, end: float | None) -> bool | None:
        if self.larger_threshold is None:
            return None
        return end is None or abs(end - baseline) >= self.larger_threshold - FLOAT_TOLERANCE
