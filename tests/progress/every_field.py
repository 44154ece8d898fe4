"""A made-up history in which each member of each record has a value of its own."""

from datetime import timedelta

from tests.progress.records import FELT, START, Record


def _measured(value: float, instrument: str, **of: str) -> Record:
    return {"phase": "before", "instrument": instrument, "value": value, **of}


def _day(number: float) -> str:
    return (START + timedelta(days=number)).isoformat()


MEASURED: list[Record] = [
    _measured(7, "nprs", unit="{score}"),
    _measured(3.5, "psfs", activity="overhead reach"),
    _measured(46.8, "rom_active", side="left", movement="cervical_rotation"),
    _measured(300, "ppt", side="right", muscle="infraspinatus", unit="kPa"),
]
"""Each member of a reading is in some of them, and equals no other."""
EVERY_FIELD: list[Record] = [
    {
        "type": "episode",
        "id": "episode-0",
        "region": "knee",
        "opened_at": _day(0),
        "closed_at": _day(3),
        "plan": {"sessions": 6, "per_week": 2},
    },
    {
        "type": "episode",
        "id": "episode-1",
        "region": "knee",
        "opened_at": _day(5),
        "closed_at": None,
        "plan": {"sessions": 9, "per_week": 0.5},
    },
    *(
        {
            "type": "session",
            "id": f"session-{number}",
            "episode_id": f"episode-{number // 2}",
            "occurred_at": _day(3 * number),
            "attendance": "attended",
            "status": ("signed", "draft")[number % 2],
            "practitioner_id": ("dana", "sam")[number % 2],
            "duration_min": 40 + number,
            "needlings": [
                {
                    "muscle": "multifidus",
                    "side": "left",
                    "spinal_level": "C5",
                    "needles": 2,
                    "insertions": 5 + number,
                    "twitches": 3 + number,
                    "ache": 9 - number,
                    "release": release,
                    "grasp": grasp,
                    "retention_s": 100 + number,
                    "release_after_s": 20 + number if release in FELT else None,
                }
                for release, grasp in (("complete", "strong"), ("none", "mild"))
            ],
            "measurements": MEASURED,
        }
        for number in range(4)
    ),
    {
        "type": "follow_up",
        "session_id": "session-1",
        "reported_at": _day(4),
        "soreness": 4,
        "worst_soreness": 7,
        "interference": 2,
        "bruising": True,
        "fatigue": False,
        "headache": None,
        "change": "better",
    },
    *(
        {"type": "measurement", **named, **reading}
        for reading in MEASURED
        for named in (
            {"session_id": None, "episode_id": "episode-1", "taken_at": _day(20)},
            {"session_id": "session-0", "episode_id": None, "taken_at": _day(0.5)},
        )
    ),
    {
        "type": "adverse_event",
        "kind": "infection",
        "severity": "mild",
        "close_call": False,
        "occurred_at": _day(1),
        "session_id": None,
        "episode_id": "episode-0",
    },
]
"""A history in which no two fields of one type have the same values."""
