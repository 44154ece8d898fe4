"""A visit in which every member of every record has a value of its own."""

from typing import Any

from app.core.values.clock import uuid7
from tests.ground import Api

NEEDLINGS: list[dict[str, Any]] = [
    {
        "muscle": "infraspinatus",
        "side": "left",
        "needle": {"diameter_mm": 0.3, "length_mm": 40, "lot": None},
        "insertions": 4,
        "depth_mm": 25,
        "grasp": "strong",
        "twitches": 3,
        "ache": 6,
        "release": "complete",
        "release_after_s": 40,
    },
    {
        "muscle": "multifidus_cervicis",
        "side": "right",
        "spinal_level": "C5",
        "needle": {"diameter_mm": 0.25, "length_mm": 13.5, "lot": "L2604-B"},
        "needles": 2,
        "insertions": 5,
        "depth_mm": 14,
        "stimulation": "electrical",
        "electrical": {"hz": 2.5, "ma": 1.25},
        "retention_s": 610,
        "grasp": "mild",
        "twitches": 1,
        "ache": 7,
        "sharp": 8,
        "sensations": ["referred", "warmth"],
        "release": "partial",
        "release_after_s": 95,
        "familiar_pain": "partly",
        "stopped_for": "a sneeze",
    },
    {
        "muscle": "soleus",
        "side": "midline",
        "stimulation": "none",
        "retention_s": 0,
        "grasp": "none",
        "twitches": 0,
        "ache": 0,
        "sharp": 0,
        "sensations": ["none"],
        "release": "none",
        "familiar_pain": "no",
    },
    {"muscle": "iliacus", "side": "right"},
]
"""The example of the contract, all members, each as zero or none, and none at all."""


def people(api: Api) -> dict[str, str]:
    """Create a patient with an episode and a practitioner, and return their ids."""
    api.live_in("America/Vancouver")
    named = {"given_name": "Ana", "family_name": "Núñez", "birth_date": "1931-02-28"}
    patient = api.patient(**named, identifiers=[{"system": "chart", "value": "C-17"}])
    credential = {"kind": "gunn_ims", "body": "Institute", "number": "G-9"}
    practitioner = api.practitioner(
        identifiers=[{"system": "college", "value": "P-3"}],
        credentials=[{**credential, "valid_from": "2019-05-01", "valid_to": "2030-04-30"}],
    )
    episode = api.create(
        "/v1/episodes",
        patient_id=patient["id"],
        complaint="Shoulder stiff",
        region="shoulder",
        side="bilateral",
        diagnoses=[{"system": "icd-10", "code": "M75.1", "display": "Cuff"}],
        identifiers=[{"system": "cases", "value": "E-5"}],
        opened_at="2026-11-01T09:00:00-07:00",
    )
    return {
        "patient_id": patient["id"],
        "practitioner_id": practitioner["id"],
        "episode_id": episode["id"],
    }


def session(api: Api, **more: Any) -> dict[str, Any]:
    """Create a draft in which every member has a value of its own."""
    whole = {
        "occurred_at": "2026-11-20T10:00:00-08:00",
        "duration_min": 47,
        "technique": "gunn_ims",
        "position": "side_lying",
        "setting": "Room 2",
        "measurements": [
            {"phase": "before", "instrument": "nprs", "value": 7},
            {"phase": "before", "instrument": "groc", "value": -3, "reported_by": "practitioner"},
            {
                "phase": "after",
                "instrument": "rom_active",
                "side": "left",
                "movement": "cervical_rotation",
                "value": 46.5,
                "reported_by": "practitioner",
            },
            {
                "phase": "after",
                "instrument": "ppt",
                "muscle": "trapezius_upper",
                "side": "right",
                "unit": "kgf/cm2",
                "value": 3.25,
            },
            {"phase": "after", "instrument": "psfs", "activity": "overhead reach", "value": 2},
            {"phase": "after", "instrument": "psfs", "value": 3.625, "items": [3, 4.25]},
        ],
        "findings": [
            {"sign": "taut_band", "segment": "C6", "side": "left", "grade": 2},
            {"sign": "coldness", "segment": "T1", "side": "right", "grade": 0},
            {"sign": "sweating", "segment": "L3", "side": "midline"},
        ],
        "needlings": NEEDLINGS,
        "needle_count": {
            "opened": 15,
            "inserted": 12,
            "removed": 11,
            "disposed": 13,
            "mismatch_reason": "One was dropped.",
        },
        "co_interventions": ["stretching", "heat"],
        "aftercare": ["soreness_explained"],
        "note": "First line.\nSecond line.",
        "plan": "Again in a week.",
        "identifiers": [{"system": "appointments", "value": "A-88"}],
        **(people(api) if "patient_id" not in more else {}),
        **more,
    }
    return api.create("/v1/sessions", **whole)


def beside(api: Api, of: dict[str, Any]) -> None:
    """Add a record of every other kind, in which every member has a value of its own."""
    own = {"patient_id": of["patient_id"], "episode_id": of["episode_id"]}
    api.create(
        "/v1/consents",
        **own,
        kind="needling",
        decision="given",
        form="written",
        risks_disclosed=["pneumothorax", "soreness"],
        patient_specific_risks="Thin skin.",
        alternatives_discussed="Exercise alone.",
        given_by="Her daughter",
        obtained_by="Dr. Demo",
        obtained_at="2026-11-20T09:40:00-08:00",
        valid_until="2027-01-31",
    )
    api.create(
        "/v1/screenings",
        session_id=of["id"],
        rule_set="clinic 4",
        answers=[
            {"code": "anticoagulant", "answer": "yes", "detail": "Stopped in May."},
            {"code": "epilepsy", "answer": "no"},
            {"code": "diabetes", "answer": "unknown"},
        ],
        decision="modified",
        decided_by="Dr. Lee",
        decided_at="2026-11-20T09:50:00-08:00",
        override_reason="Short needles.",
    )
    _afterwards(api, of, own)


def _afterwards(api: Api, of: dict[str, Any], own: dict[str, Any]) -> None:
    api.create(
        f"/v1/sessions/{of['id']}/follow-ups",
        reported_at="2026-11-21T16:30:00-08:00",
        soreness=4,
        worst_soreness=5,
        sore_muscles=["infraspinatus", "soleus"],
        interference=2,
        bruising=False,
        fatigue=True,
        headache=False,
        change="much_better",
        red_flags=["dry_cough"],
        comment="Slept well.",
        source="patient_link",
        reported_by="for_patient",
    )
    api.create(f"/v1/sessions/{of['id']}/follow-ups", reported_at=LATER, soreness=0)
    api.create(
        "/v1/measurements",
        **own,
        session_id=of["id"],
        phase="between",
        instrument="psfs",
        items=[4, 6.5],
        taken_at="2026-11-21T08:15:00-08:00",
    )
    api.create(
        "/v1/adverse-events",
        **own,
        session_id=of["id"],
        kind="bruise",
        close_call=False,
        severity="significant",
        expected=False,
        causality="certain",
        muscle="infraspinatus",
        side="left",
        occurred_at="2026-11-20T11:05:00-08:00",
        detected_at="2026-11-20T12:06:00-08:00",
        action="Ice.",
        outcome="Gone after two days.",
        description="Large, blue.",
    )


LATER = "2026-11-23T10:00:00-08:00"


def changed(api: Api, of: dict[str, Any], act: str, body: dict[str, Any]) -> dict[str, Any]:
    """Sign, amend or void a session, and return it."""
    held = {"If-Match": api.get(f"/v1/sessions/{of['id']}").headers["etag"]}
    answer = api.post(f"/v1/sessions/{of['id']}/{act}", body, headers=held)
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.json()
    return done


def overridden(api: Api, of: dict[str, Any]) -> dict[str, Any]:
    """Sign the full session, in spite of the faults that it has."""
    faults = {
        "deeper_than_needle": "The skin was compressed.",
        "side_not_of_muscle": "Both calves.",
    }
    given = [{"code": code, "reason": reason} for code, reason in faults.items()]
    return changed(api, of, "sign", {"overrides": given})


def note(api: Api, of: dict[str, Any], query: str = "", **headers: str) -> str:
    """Return the note of a session."""
    answer = api.get(f"/v1/sessions/{of['id']}/note{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def section(text: str, title: str) -> list[str]:
    """Return the lines of a section of a note in plain text."""
    parts = dict(part.split("\n", 1) for part in text.strip().split("\n\n") if "\n" in part)
    return [line.removeprefix("- ") for line in parts[title].split("\n")]


def appointment() -> dict[str, str]:
    """Return an identifier that no other record has."""
    return {"system": "appointments", "value": str(uuid7())}
