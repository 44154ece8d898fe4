"""The demo's records: a synthetic clinic, the same every time, as rows of an import.

Sixteen patients come once a week. Most of them get better. The second one gets better and then
relapses. After one session the third one reports breathlessness.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any, Final, NamedTuple
from uuid import UUID

from app.core.values.clock import uuid7_at

Json = dict[str, Any]

HERE: Final = timezone(timedelta(hours=-7))
START: Final = datetime(2026, 5, 4, 9, 0, tzinfo=HERE)
WEEK: Final = timedelta(weeks=1)
PATIENTS: Final = 16
RELAPSING, ALARMED = 1, 2
"""Which patient relapses, and which reports a red flag."""
ALARM: Final = (ALARMED, 3, 1)
"""The report with the red flag: patient, visit, days after the visit."""
UNANSWERED, BRUISED = 0.2, 0.1
"""Shares of the reports: those that are never made, and those with a bruise."""
PAIN_BEFORE: Final = (
    (8, 7, 5, 4, 3, 2, 1, 1),
    (7, 5, 3, 2, 2, 6, 6),
    (6, 5, 5, 4, 4, 3),
    (7, 6, 6, 4, 3, 3, 2),
    (5, 5, 4, 4, 3),
)
"""Pain (NPRS) before each session; the module's docstring describes the first three courses."""
PRACTITIONERS: Final = (("Robin", "gunn_ims"), ("Kim", "gunn_ims"), ("Alex", "dry_needling"))
NAMES: Final = (
    *("Ada", "Ben", "Cleo", "Dev", "Edda", "Finn", "Gus", "Hana"),
    *("Ivo", "June", "Kai", "Lena", "Milo", "Nia", "Otis", "Pia"),
)


class Complaint(NamedTuple):
    """A patient's complaint, and the muscles needled for it, each with its spinal level."""

    words: str
    region: str
    activity: str
    muscles: tuple[tuple[str, str | None], ...]


COMPLAINTS: Final = (
    Complaint(
        "shoulder pain when reaching overhead",
        "shoulder",
        "reach the top shelf",
        (("infraspinatus", None), ("supraspinatus", None), ("deltoid_middle", None)),
    ),
    Complaint(
        "neck pain that spreads to the shoulder blade",
        "neck",
        "look over the shoulder",
        (("trapezius_upper", None), ("levator_scapulae", None), ("multifidus_cervicis", "C5")),
    ),
    Complaint(
        "low back pain after sitting",
        "low_back",
        "sit for an hour",
        (("multifidus_lumborum", "L4"), ("gluteus_medius", None), ("piriformis", None)),
    ),
    Complaint(
        "pain on the outside of the elbow",
        "elbow",
        "lift a full kettle",
        (("extensor_carpi_radialis_brevis", None), ("extensor_digitorum", None)),
    ),
)


def _id(moment: datetime, *name: object) -> str:
    content = hashlib.sha256(repr(name).encode()).digest()
    return str(uuid7_at(int(moment.timestamp() * 1000), content[:10]))


def _first_visit(patient: int) -> datetime:
    return START + timedelta(days=patient % 4, hours=patient // 4)


def _patient_id(patient: int) -> str:
    return _id(_first_visit(patient) - WEEK, "patient", patient)


def _practitioner_id(patient: int) -> str:
    return _id(START - 10 * WEEK, "practitioner", patient % len(PRACTITIONERS))


CLINIC: Final = UUID(_id(START - 20 * WEEK, "clinic"))
PATIENT: Final = _patient_id(0)
NEXT_SESSION: Final[Json] = {
    "patient_id": PATIENT,
    "practitioner_id": _practitioner_id(0),
    "occurred_at": "2026-07-06T09:00:00-07:00",
    "measurements": [{"phase": "before", "instrument": "nprs", "value": 1}],
    "needlings": [{"muscle": "infraspinatus", "side": "left", "ache": 2, "release": "complete"}],
}


def records() -> Iterator[Json]:
    """Every record, each after those that it refers to."""
    for number, (name, training) in enumerate(PRACTITIONERS):
        yield _practitioner(number, name, training)
    for patient in range(PATIENTS):
        yield from _history(patient)


def _practitioner(number: int, name: str, training: str) -> Json:
    credential = {"kind": training, "body": "Demo College", "number": f"D{number}"}
    return {
        "type": "practitioner",
        "id": _practitioner_id(number),
        "given_name": name,
        "family_name": "Demo",
        "credentials": [{**credential, "valid_from": "2020-01-01"}],
    }


def _history(patient: int) -> Iterator[Json]:
    """The records of one patient, from the first contact to the last report."""
    complaint = COMPLAINTS[patient % len(COMPLAINTS)]
    course = PAIN_BEFORE[patient if patient < len(PAIN_BEFORE) else 3 + patient % 2]
    chance = Random(patient)  # noqa: S311 - the same story every time
    began = _first_visit(patient)
    refers = {"patient_id": _patient_id(patient), "episode_id": _id(began, "episode", patient)}
    yield _person(patient, chance)
    yield _episode(patient, complaint, refers)
    yield _consent(patient, refers)
    for visit, pain in enumerate(course):
        session = _session(patient, visit, pain, complaint, chance)
        yield {**session, **refers}
        yield from _reports(patient, visit, session, chance)
    if patient == ALARMED:
        yield _adverse_event(refers["patient_id"], _visited_at(patient, ALARM[1]))


def _person(patient: int, chance: Random) -> Json:
    return {
        "type": "patient",
        "id": _patient_id(patient),
        "identifiers": [{"system": "urn:demo:chart", "value": f"{patient + 1:05}"}],
        "given_name": NAMES[patient],
        "family_name": "Example",
        "birth_date": f"{1950 + int(chance.random() * 50)}-0{1 + patient % 9}-15",
        "language": "en",
    }


def _episode(patient: int, complaint: Complaint, refers: Json) -> Json:
    began = _first_visit(patient)
    return {
        "type": "episode",
        "id": refers["episode_id"],
        "patient_id": refers["patient_id"],
        "complaint": f"{_side(patient).capitalize()} {complaint.words}",
        "region": complaint.region,
        "side": _side(patient),
        "onset_on": (began - 12 * WEEK).date().isoformat(),
        "medical_screen_on": began.date().isoformat(),
        "goals": [complaint.activity],
        "plan": {"sessions": 6, "per_week": 1},
        "opened_at": began.isoformat(),
    }


def _consent(patient: int, refers: Json) -> Json:
    began = _first_visit(patient)
    return {
        "type": "consent",
        "id": _id(began, "consent", patient),
        **refers,
        "kind": "needling",
        "decision": "given",
        "form": "electronic",
        "risks_disclosed": ["soreness", "bleeding", "pneumothorax"],
        "given_by": "patient",
        "obtained_by": PRACTITIONERS[patient % len(PRACTITIONERS)][0],
        "obtained_at": began.isoformat(),
    }


def _side(patient: int) -> str:
    return "left" if patient % 2 == 0 else "right"


def _visited_at(patient: int, visit: int) -> datetime:
    return _first_visit(patient) + visit * WEEK


def _session(patient: int, visit: int, pain: int, complaint: Complaint, chance: Random) -> Json:
    at = _visited_at(patient, visit)
    needles = len(complaint.muscles)
    able = {"instrument": "psfs", "activity": complaint.activity, "value": 9 - pain}
    return {
        "type": "session",
        "id": _id(at, "session", patient, visit),
        "practitioner_id": _practitioner_id(patient),
        "occurred_at": at.isoformat(),
        "duration_min": 45,
        "technique": "gunn_ims",
        "position": "prone",
        "measurements": [
            {"phase": "before", "instrument": "nprs", "value": pain},
            {"phase": "before", **able},
            {"phase": "after", "instrument": "nprs", "value": max(0, pain - 1)},
        ],
        "needlings": [
            _needling(muscle, level, _side(patient), pain, chance)
            for muscle, level in complaint.muscles
        ],
        "needle_count": dict.fromkeys(("opened", "inserted", "removed", "disposed"), needles),
        "aftercare": ["soreness_explained"],
        "status": "signed",
        "signed_at": (at + timedelta(hours=1)).isoformat(),
        "signed_by": PRACTITIONERS[patient % len(PRACTITIONERS)][0],
    }


def _needling(muscle: str, level: str | None, side: str, pain: int, chance: Random) -> Json:
    """A needling: more pain gives a stronger grasp, more twitches and a later release."""
    release = "complete" if pain <= 3 else "partial" if pain <= 5 else "none"  # noqa: PLR2004 - of 10
    return {
        "muscle": muscle,
        "side": side,
        "spinal_level": level,
        "needle": {"diameter_mm": 0.3, "length_mm": 40, "lot": "L2604"},
        "insertions": 2 + int(chance.random() * 4),
        "depth_mm": 15 + int(chance.random() * 15),
        "stimulation": "manual",
        "grasp": ("none", "mild", "moderate", "strong")[min(3, pain // 2)],
        "twitches": int(chance.random() * (pain + 1)),
        "ache": min(10, pain + int(chance.random() * 2)),
        "sharp": 0,
        "sensations": ["deep_ache"],
        "release": release,
    }


def _reports(patient: int, visit: int, session: Json, chance: Random) -> Iterator[Json]:
    """The patient's reports after one and two days. Some reports are missing."""
    at = datetime.fromisoformat(session["occurred_at"])
    soreness = max(1, 5 - visit // 2)
    for day, worst in ((1, soreness), (2, soreness // 2)):
        alarming = (patient, visit, day) == ALARM
        if chance.random() < UNANSWERED and not alarming:
            continue
        reported_at = at + timedelta(days=day, hours=chance.random() * 4)
        report = {
            "type": "follow_up",
            "id": _id(reported_at, "follow-up", patient, visit, day),
            "session_id": session["id"],
            "reported_at": reported_at.isoformat(timespec="seconds"),
            "soreness": worst,
            "bruising": chance.random() < BRUISED,
            "source": "patient_link",
        }
        if alarming:
            report |= {"red_flags": ["breathlessness"], "comment": "Short of breath on stairs."}
        yield report


def _adverse_event(patient_id: str, at: datetime) -> Json:
    return {
        "type": "adverse_event",
        "id": _id(at, "adverse event"),
        "patient_id": patient_id,
        "session_id": _id(at, "session", *ALARM[:2]),
        "kind": "suspected_pneumothorax",
        "close_call": True,
        "severity": "significant",
        "expected": False,
        "causality": "unlikely",
        "occurred_at": (at + timedelta(days=1)).isoformat(),
        "description": "Breathless on stairs the day after. X-ray the same day: no pneumothorax.",
        "outcome": "Recovered within two days.",
    }
