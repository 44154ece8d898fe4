"""Synthetic patients with no session, with a few, and with more than a year of sessions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from app.core.values.clock import uuid7

COUNTS = (0, 1, 2, 12, 60)
FAMILY = "Quetzalcoatl"
BEGAN = datetime(2025, 6, 2, 16, tzinfo=UTC)
ACTIVITY = f"Carry the shopping up {'two flights of stairs and ' * 6}without any rest"
MUSCLES: tuple[tuple[str, str | None], ...] = (
    *((slug, None) for slug in ("infraspinatus", "trapezius_upper", "levator_scapulae")),
    *((slug, None) for slug in ("gluteus_medius", "piriformis", "sternocleidomastoid")),
    *((slug, None) for slug in ("gastrocnemius_medial_head", "rectus_femoris", "levator_ani")),
    ("occipitofrontalis_occipital_belly", None),
    *((slug, None) for slug in ("first_dorsal_interosseous_manus", "masseter_superficial")),
    ("multifidus_cervicis", "C5"),
    ("multifidus_lumborum", "L4"),
    ("interspinales_lumborum", "L5"),
)


def history(count: int) -> Iterator[dict[str, Any]]:
    """The rows of an import: a practitioner, and a patient with `count` sessions and reports."""
    chance = Random(count)
    practitioner, patient = str(uuid7()), str(uuid7())
    yield {
        "type": "practitioner",
        "id": practitioner,
        "given_name": "Robin",
        "family_name": "Demo",
        "credentials": [],
    }
    yield {
        "type": "patient",
        "id": patient,
        "given_name": f"Visits{count}",
        "family_name": FAMILY,
        "birth_date": "1975-03-15",
    }
    for number in range(count):
        at = BEGAN + timedelta(weeks=number)
        session = str(uuid7())
        pain = round(8 - 7 * number / max(count - 1, 1))
        yield {
            "type": "session",
            "id": session,
            "patient_id": patient,
            "practitioner_id": practitioner,
            "occurred_at": at.isoformat(),
            "technique": "gunn_ims",
            "measurements": [
                {"phase": "before", "instrument": "nprs", "value": pain},
                {"phase": "before", "instrument": "psfs", "activity": ACTIVITY, "value": 10 - pain},
            ],
            "needlings": list(_needlings(chance, pain)),
        }
        if chance.random() < 0.8:
            yield {
                "type": "follow_up",
                "id": str(uuid7()),
                "session_id": session,
                "reported_at": (at + timedelta(hours=26)).isoformat(),
                "soreness": pain // 2,
                "source": "patient_link",
            }


def _needlings(chance: Random, pain: int) -> Iterator[dict[str, Any]]:
    for muscle, level in chance.sample(MUSCLES, 5):
        yield {
            "muscle": muscle,
            "spinal_level": level,
            "side": chance.choice(["left", "right"]),
            "ache": pain,
            "release": "complete" if pain < 3 else chance.choice(["none", "partial", None]),
            "insertions": 3,
        }
