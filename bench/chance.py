"""What chance alone would do: false alarms and missed changes, by the rules of progress.

Made-up patients are measured at weekly visits, the first of which is the baseline. Each value is
the patient's true value plus an error of measurement, rounded to the instrument's step and cut off
at the ends of its scale. The error is normal; its size is that of the row of thresholds itself,
MDC95 / 2.77. ``bench.figures`` prints them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from typing import Final, NamedTuple

from app.instruments import queries
from app.instruments.schemas import InstrumentView, ThresholdsView
from app.progress.rules.flags import plateau, recurrence
from app.progress.rules.responder import Day, responder
from app.progress.rules.verdict import Criteria

PATIENTS: Final = 3_000
SEED: Final = 20
ERRORS_PER_MDC: Final = 2.77
"""1.96 times the square root of 2: the MDC95 in standard errors of measurement."""
STEPS: Final = {"promis_pi": 0.1, "promis_pf": 0.1}
"""The steps of scores that no sum of items gives."""
PSFS_ACTIVITIES: Final = 3
NECK_ERROR: Final = 1.44
"""The error of neck pain (Kovacs et al. 2008): 4.0 / 2.77."""
PAIN: Final = 5.0
HIGH_PAIN: Final = 7
"""A true pain, and the least first value that sends a patient with that pain to the clinic."""
RECOVERED_BY: Final = 4
"""The visit at which a gradual change is complete."""


class Scale(NamedTuple):
    """An instrument with one row of thresholds, as patients are measured by it."""

    row: ThresholdsView
    criteria: Criteria
    low: float
    high: float
    step: float

    @property
    def error(self) -> float:
        """The standard error of measurement; 0 without an MDC."""
        return (self.criteria.mdc or 0) / ERRORS_PER_MDC

    @property
    def best(self) -> float:
        """The good end of the scale."""
        return self.high if self.criteria.better == "higher" else self.low

    def measured(self, true: float, error: float, chance: Random) -> float:
        """One value: the true one with an error, as the instrument can show it."""
        shown = round(chance.gauss(true, error) / self.step) * self.step
        return min(self.high, max(self.low, shown))


class Course(NamedTuple):
    """The measured values of one patient: the baseline, and a day's gain for each later visit."""

    scale: Scale
    baseline: float
    days: list[Day]

    @property
    def is_confirmed(self) -> bool:
        """Whether an important improvement was ever held."""
        found = responder(self.scale.criteria, self.days, has_room=True)
        return found is not None and found["first_at"] is not None

    @property
    def recurs(self) -> bool:
        """Whether a recurrence is flagged at the end."""
        return recurrence(self.scale.criteria, self.days) is not None

    @property
    def is_flat(self) -> bool:
        """Whether a plateau is flagged at the end."""
        criteria = self.scale.criteria
        found = recurrence(criteria, self.days)
        goes_on = found is not None and found.over is None
        if goes_on or (self.days and criteria.verdict(self.days[-1].gain) == "worse"):
            return False
        room = criteria.merit(self.scale.best) - criteria.merit(self.baseline)
        return plateau(criteria, self.days, room) is not None


def default_scales() -> Iterator[Scale]:
    """Each default row of thresholds, with its instrument."""
    for instrument in queries.INSTRUMENTS:
        for row in instrument.thresholds:
            if row.default:
                yield scale_of(instrument, row)


def scale_of(instrument: InstrumentView, row: ThresholdsView) -> Scale:
    """An instrument with one of its rows of thresholds."""
    criteria = Criteria(instrument.better, row.mdc, row.mcid)
    return Scale(row, criteria, instrument.min, instrument.max, step_of(instrument, row))


def step_of(instrument: InstrumentView, row: ThresholdsView) -> float:
    """The smallest difference between two scores of an instrument."""
    if row.of_activity is False:
        return 1 / PSFS_ACTIVITIES
    scoring = instrument.scoring
    if scoring is not None and scoring.method == "percent":
        return 100 / (scoring.items_max * (scoring.high - scoring.low))
    return STEPS.get(instrument.code, 1.0)


def courses(
    scale: Scale, true: Sequence[float], chance: Random, *, count: int, error: float | None = None
) -> Iterator[Course]:
    """Courses of patients who all have the true values ``true``, one for each visit."""
    error = scale.error if error is None else error
    merit = scale.criteria.merit
    for _ in range(count):
        first, *later = (scale.measured(value, error, chance) for value in true)
        gains = (merit(value) - merit(first) for value in later)
        yield Course(scale, first, [Day(visit, gain) for visit, gain in enumerate(gains, 2)])


def share(found: Iterable[bool]) -> float:
    """How many are true, of all; 0 of none."""
    every = list(found)
    return sum(every) / len(every) if every else 0.0


def unchanged(scale: Scale, visits: int) -> list[float]:
    """The true values of a patient who doesn't change: the middle of the scale."""
    return [(scale.low + scale.high) / 2] * visits


def false_alarms(
    scale: Scale, visits: int, *, count: int = PATIENTS, series: int = 1, error: float | None = None
) -> float:
    """How many patients who don't change are ever confirmed as improved, in any of their series."""
    chance = Random(f"{SEED} {scale.row.id} {visits} {series} {error}")
    true = unchanged(scale, visits)
    each = [courses(scale, true, chance, count=count, error=error) for _ in range(series)]
    return share(any(one.is_confirmed for one in some) for some in zip(*each, strict=True))


def picked_because_high(scale: Scale, visits: int, *, count: int = PATIENTS) -> float:
    """False alarms among unchanged patients of pain 5 whose first value was 7 or more."""
    chance = Random(f"{SEED} {scale.row.id} high")
    found: list[bool] = []
    while len(found) < count:
        some = courses(scale, [PAIN] * visits, chance, count=count)
        found += [one.is_confirmed for one in some if one.baseline >= HIGH_PAIN]
    return share(found[:count])


def sudden(start: float, end: float, visits: int) -> list[float]:
    """True values that change at once after the first visit."""
    return [start, *[end] * (visits - 1)]


def gradual(start: float, end: float, visits: int) -> list[float]:
    """True values that change by equal steps until the fourth visit, and stay."""
    steps = RECOVERED_BY - 1
    return [start + (end - start) * min(visit, steps) / steps for visit in range(visits)]


def confirmed(scale: Scale, true: Sequence[float], *, count: int = PATIENTS) -> float:
    """How many patients with these true values are confirmed as improved."""
    chance = Random(f"{SEED} {scale.row.id} {true}")
    return share(one.is_confirmed for one in courses(scale, true, chance, count=count))


def flagged(
    scale: Scale, true: Sequence[float], which: Callable[[Course], bool], *, count: int = PATIENTS
) -> float:
    """How many patients with these true values have a flag at the end."""
    chance = Random(f"{SEED} {scale.row.id} {true}")
    return share(which(one) for one in courses(scale, true, chance, count=count))
