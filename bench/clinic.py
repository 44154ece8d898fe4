"""The clinic that the bench works in: synthetic, the same in every run."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.database import Database
from app.core.wire import read
from app.followups.service import FOLLOW_UPS
from app.patients.service import PATIENTS
from app.practitioners.service import PRACTITIONERS
from app.records.kinds import Kind
from app.records.service import create
from app.sessions.service import SESSIONS
from pydantic_core import to_json
from tests.ground import Clinic, found

PATIENTS_LOGGED = 40
SESSIONS_READ = 200
NEEDLINGS = 5
FIRST_AT = datetime(2024, 1, 8, 17, tzinfo=UTC)
MUSCLES = ("infraspinatus", "supraspinatus", "subscapularis", "deltoid_middle", "levator_scapulae")


class Ids:
    """Ids that are the same in every run."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def __call__(self) -> str:
        digits = f"{self._chance.getrandbits(122):031x}"
        return f"{digits[:8]}-{digits[8:12]}-7{digits[12:15]}-8{digits[15:18]}-{digits[18:30]}"


def session(chance: random.Random, n: int, **people: Any) -> dict[str, Any]:
    """The n-th weekly visit: five needlings, all of them counted."""
    return {
        **people,
        "occurred_at": (FIRST_AT + timedelta(days=3 * n)).isoformat(),
        "duration_min": 45,
        "technique": "gunn_ims",
        "position": "prone",
        "needlings": [_needling(chance, muscle) for muscle in MUSCLES],
        "needle_count": dict.fromkeys(("opened", "inserted", "removed", "disposed"), NEEDLINGS),
        "note": "Less stiff than last time; sleeps through.",
    }


def _needling(chance: random.Random, muscle: str) -> dict[str, Any]:
    return {
        "muscle": muscle,
        "side": "left",
        "needle": {"diameter_mm": 0.3, "length_mm": 40, "lot": "L202510"},
        "needles": 1,
        "insertions": chance.randint(1, 8),
        "depth_mm": chance.randint(10, 40),
        "stimulation": "manual",
        "grasp": chance.choice(("mild", "moderate", "strong")),
        "twitches": chance.randint(0, 6),
        "ache": chance.randint(0, 10),
        "sharp": 0,
        "sensations": ["deep_ache", "referred"],
        "release": chance.choice(("none", "partial")),
        "familiar_pain": "yes",
    }


def measured(chance: random.Random, whole: dict[str, Any]) -> dict[str, Any]:
    """A session with what a patient says before and after it."""
    asked = (
        ("before", "nprs", None),
        ("after", "nprs", None),
        ("before", "psfs", "overhead reach"),
    )
    whole["measurements"] = [
        {"phase": phase, "instrument": instrument, "activity": activity, "value": value}
        for phase, instrument, activity in asked
        if (value := chance.randint(1, 9))
    ]
    return whole
