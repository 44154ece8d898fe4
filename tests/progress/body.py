"""Needlings in short notation: `treated("infraspinatus left none complete", ...)`."""

from datetime import UTC, datetime, timedelta

from app.progress.rules.document import document
from app.progress.rules.history import Json
from tests.progress.records import Record, history_of

BEGAN = datetime(2026, 3, 2, 17, tzinfo=UTC)
RELEASES = {"none", "partial", "complete"}


def treated(*courses: str) -> Json:
    """The document of a patient with a course for each muscle.

    A course is the muscle, its level if it has one, the side, and the release in each session from
    the first on: `none`, `partial`, `complete`, `unasked`, or `-` where it wasn't needled.
    """
    visits: list[Record] = []
    for course in courses:
        muscle, *words = course.split()
        level = words.pop(0) if words[0] not in {"left", "right", "midline"} else None
        side, *releases = words
        visits += [_visit(n) for n in range(len(visits), len(releases))]
        for visit, release in zip(visits, releases, strict=False):
            if release != "-":
                visit["needlings"].append(_needling(muscle, side, level, release))
    as_of = BEGAN + timedelta(weeks=60)
    return document("a patient", None, as_of, history_of(visits), datetime.isoformat)


def _visit(number: int) -> Record:
    return {
        "type": "session",
        "id": f"session-{number}",
        "occurred_at": (BEGAN + timedelta(weeks=number)).isoformat(),
        "attendance": "attended",
        "duration_min": 45,
        "status": "signed",
        "practitioner_id": "dana",
        "needlings": [],
    }


def _needling(muscle: str, side: str, level: str | None, release: str) -> Record:
    return {
        "muscle": muscle,
        "side": side,
        "spinal_level": level,
        "needles": 1,
        "insertions": 3,
        "twitches": 2,
        "ache": 5,
        "release": release if release in RELEASES else None,
        "grasp": "moderate",
    }


EVERY_SIDE = (
    "infraspinatus left none partial complete complete",
    "supraspinatus right none none - -",
    "deltoid_posterior right - - - partial",
    "trapezius_upper left - unasked - -",
    "pectoralis_minor left none - - -",
    "gastrocnemius_medial_head right - complete - -",
    "levator_ani left - - complete -",
    "coccygeus right - complete - -",
    "procerus midline partial - - -",
    "multifidus_cervicis C5 left none partial - -",
    "multifidus_lumborum L5 right - - complete complete",
    "interspinales_lumborum L4 midline - none - -",
    "first_dorsal_interosseous_manus left - - partial -",
    "abductor_hallucis right - - none -",
)
"""The content of the golden picture: left and right differ, in each view and on the ladder."""
