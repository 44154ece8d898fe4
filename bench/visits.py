"""The data of the benchmarks: a synthetic clinic with the same shape in every run."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.clock import uuid7

FIRST_AT = datetime(2024, 1, 8, 17, tzinfo=UTC)
DAYS_BETWEEN = 4
MUSCLES = ("infraspinatus", "supraspinatus", "subscapularis", "deltoid_middle", "levator_scapulae")
ASKED = (("before", "nprs", None), ("after", "nprs", None), ("before", "psfs", "overhead reach"))
LOGGED_PATIENTS = 40
READ_SESSIONS = 200
SEED = 20261120

Body = dict[str, Any]


def _id() -> str:
    return str(uuid7())


def _patients() -> list[str]:
    return [_id() for _ in range(LOGGED_PATIENTS)]


@dataclass(frozen=True)
class Content:
    """The ids of the synthetic people, and the records about them."""

    practitioner_id: str = field(default_factory=_id)
    read_patient_id: str = field(default_factory=_id)
    logged_patient_ids: list[str] = field(default_factory=_patients)
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))

    def history(self) -> list[Body]:
        """The visits of the patient whom the works read, each with its measurements."""
        return [
            {**self.visit(n, self.read_patient_id), "id": _id(), "measurements": self._readings()}
            for n in range(READ_SESSIONS)
        ]

    def to_log(self) -> list[Body]:
        """A new visit of every patient whom the works write about."""
        return [self.visit(READ_SESSIONS, patient_id) for patient_id in self.logged_patient_ids]

    def visit(self, n: int, patient_id: str) -> Body:
        """The n-th visit of a patient, with five needlings and a needle count."""
        count = dict.fromkeys(("opened", "inserted", "removed", "disposed"), len(MUSCLES))
        return {
            "patient_id": patient_id,
            "practitioner_id": self.practitioner_id,
            "occurred_at": (FIRST_AT + timedelta(days=DAYS_BETWEEN * n)).isoformat(),
            "duration_min": 45,
            "technique": "gunn_ims",
            "position": "prone",
            "needlings": [self._needling(muscle) for muscle in MUSCLES],
            "needle_count": count,
            "note": "Less stiff than last time; sleeps through.",
        }

    def report(self, visit: Body) -> Body:
        """The patient's follow-up, 26 hours after a visit."""
        after = datetime.fromisoformat(visit["occurred_at"]) + timedelta(hours=26)
        return {
            "session_id": visit["id"],
            "reported_at": after.isoformat(),
            "soreness": self.chance.randint(0, 6),
            "source": "patient_link",
        }

    def _readings(self) -> list[Body]:
        return [
            {
                "phase": phase,
                "instrument": instrument,
                "activity": activity,
                "value": self.chance.randint(0, 9),
            }
            for phase, instrument, activity in ASKED
        ]

    def _needling(self, muscle: str) -> Body:
        return {
            "muscle": muscle,
            "side": "left",
            "needle": {"diameter_mm": 0.3, "length_mm": 40, "lot": "L202510"},
            "needles": 1,
            "insertions": self.chance.randint(1, 8),
            "depth_mm": self.chance.randint(10, 40),
            "stimulation": "manual",
            "grasp": self.chance.choice(("mild", "moderate", "strong")),
            "twitches": self.chance.randint(0, 6),
            "ache": self.chance.randint(0, 10),
            "sharp": 0,
            "sensations": ["deep_ache", "referred"],
            "release": self.chance.choice(("none", "partial", "complete")),
            "familiar_pain": "yes",
        }
