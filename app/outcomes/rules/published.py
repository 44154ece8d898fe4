"""Rates of adverse events from published studies, for comparison."""

from typing import Final

from app.progress.rules.history import Json

PUBLISHED: Final[tuple[Json, ...]] = (
    {
        "source": "Brady et al. 2014, J Man Manip Ther 22:134-140",
        "treatments": 7_629,
        "counted": "events",
        "mild": 0.1918,
        "significant": 0.0,
        "significant_high": 0.0004,
        "serious": None,
        "major": None,
        "reported_by": "therapists",
    },
    {
        "source": "Boyce et al. 2020, Int J Sports Phys Ther 15:103-113",
        "treatments": 20_464,
        "counted": "events",
        "mild": 0.367,
        "significant": None,
        "significant_high": None,
        "serious": None,
        "major": 1 / 1_024,
        "reported_by": "therapists",
    },
)
"""Rates per treatment; null if the study doesn't give one. `counted` is what its rates count."""
