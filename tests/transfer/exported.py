"""A clinic with two records of each kind, and its exports."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from httpx2 import Response

from app.core.values.clock import uuid7
from tests.asks.asked import ENDED_AT, stored_ask
from tests.ground import Api

Row = dict[str, Any]
NDJSON: Final = {"Content-Type": "application/x-ndjson"}
AT: Final = "2026-11-01T10:00:00.25-08:00"
READING: Final = {"phase": "before", "instrument": "nprs"}


class Ids(NamedTuple):
    """Who and what there is."""

    dana: str
    lee: str
    ana: str
    ben: str
    episode: str
    signed: str
    draft: str
    missed: str
    void: str


def clinic_of(text: str) -> Iterator[Row]:
    """Rows of an import: each kind twice, once with every member, once with the required ones.

    `text` is the value of every free text.
    """
    ids = Ids(*(str(uuid7()) for _ in Ids._fields))
    line = text[:200] or "-"
    yield from _people(ids, text, line)
    yield from _visits(ids, text, line)
    yield from _beside(ids, text, line)
    yield _said_in_safety(ids, text, line)
    yield _gone_wrong(ids, text)
    yield {
        "type": "term",
        "vocabulary": "event_kinds",
        "code": f"own_{ids.ana.replace('-', '_')}",
        "name": f"Startle {ids.ana}",
        "synonyms": [f"Fright {ids.ana}"],
        "severity": "mild",
        "attribution_days": 3,
        "note": line,
        "source": line,
        "status": "inactive",
    }
    yield {
        "type": "thresholds",
        "instrument": "nprs",
        "region": "neck",
        "population": line,
        "mdc": 4,
        "mcid": 1.5,
        "source": line,
    }


def _people(ids: Ids, text: str, line: str) -> Iterator[Row]:
    yield {
        "type": "practitioner",
        "id": ids.dana,
        "given_name": line,
        "family_name": "Demo",
        "identifiers": [{"system": ids.dana, "value": line}],
        "credentials": [
            {"kind": "gunn_ims", "body": line, "number": "7", "valid_from": "2019-05-01"}
        ],
    }
    yield {
        "type": "practitioner",
        "id": ids.lee,
        "given_name": "Lee",
        "family_name": "Demo",
        "inactive_from": "2190-01-01",
    }
    yield {
        "type": "patient",
        "id": ids.ana,
        "identifiers": [
            {"system": ids.ana, "value": line},
            {"system": f"{ids.ana}-2", "value": "0012880441775"},
        ],
        "given_name": line,
        "family_name": "Núñez",
        "birth_date": "1931-02-28",
        "sex": "female",
        "phone": "+1 555 0100",
        "email": "ana@example.org",
        "language": "es",
    }
    yield {"type": "patient", "id": ids.ben}
    yield {
        "type": "episode",
        "id": ids.episode,
        "patient_id": ids.ana,
        "complaint": text or "-",
        "region": "shoulder",
        "side": "bilateral",
        "onset_on": "2026-08-15",
        "diagnoses": [{"system": "icd-10", "code": "M75.1", "display": line}],
        "medical_screen_on": "2026-10-02",
        "red_flags": ["fever"],
        "goals": [line, "Reach"],
        "plan": {"sessions": 6, "per_week": 1.5},
        "opened_at": "2026-10-02T09:30:00-08:00",
        "status": "finished",
        "closed_at": "2026-11-21T09:30:00+05:30",
        "close_reason": text,
        "identifiers": [{"system": ids.episode, "value": line}],
    }
    yield {"type": "episode", "patient_id": ids.ben, "complaint": "Neck", "opened_at": AT}


def _needling(line: str) -> Row:
    return {
        "muscle": "infraspinatus",
        "side": "left",
        "needle": {"diameter_mm": 0.3, "length_mm": 40, "lot": line},
        "needles": 2,
        "insertions": 4,
        "depth_mm": 25,
        "stimulation": "electrical",
        "electrical": {"hz": 2.5, "ma": 1},
        "retention_s": 60,
        "grasp": "strong",
        "twitches": 3,
        "ache": 6,
        "sharp": 0,
        "sensations": ["deep_ache", "cramp"],
        "release": "complete",
        "release_after_s": 40,
        "familiar_pain": "yes",
        "stopped_for": line,
    }


def _signed(ids: Ids, text: str, line: str) -> Row:
    return {
        "id": ids.signed,
        "occurred_at": AT,
        "duration_min": 45,
        "technique": "gunn_ims",
        "position": "prone",
        "setting": line,
        "measurements": [
            {**READING, "value": 7},
            {
                "phase": "after",
                "instrument": "psfs",
                "activity": line,
                "value": 3.625,
                "items": [3, 4.25],
            },
        ],
        "findings": [{"sign": "taut_band", "segment": "C5", "side": "left", "grade": 2}],
        "needlings": [
            _needling(line),
            {"muscle": "deltoid_middle", "side": "midline"},
        ],
        "needle_count": {
            "opened": 3,
            "inserted": 3,
            "removed": 2,
            "disposed": 3,
            "mismatch_reason": line,
        },
        "co_interventions": ["stretching"],
        "aftercare": ["soreness_explained", "heat"],
        "note": text,
        "plan": text,
        "status": "signed",
        "signed_at": "2026-11-01T12:00:00-08:00",
        "signed_by": line,
        "identifiers": [{"system": ids.signed, "value": line}],
        "overrides": [{"code": "deeper_than_needle", "reason": text or "-"}],
    }


def _visits(ids: Ids, text: str, line: str) -> Iterator[Row]:
    of_ana = {
        "type": "session",
        "patient_id": ids.ana,
        "practitioner_id": ids.dana,
        "episode_id": ids.episode,
    }
    yield {**of_ana, **_signed(ids, text, line)}
    least = {"type": "session", "patient_id": ids.ben, "practitioner_id": ids.lee}
    yield {
        **least,
        "id": ids.draft,
        "occurred_at": "2026-11-09T10:00:00+05:45",
        "measurements": [{**READING, "value": 0}],
    }
    yield {**least, "id": ids.missed, "occurred_at": AT, "attendance": "no_show"}
    yield {
        **of_ana,
        "id": ids.void,
        "occurred_at": "2026-11-08T10:00:00Z",
        "needlings": [{"muscle": "infraspinatus", "side": "left"}],
        "findings": [{"sign": "coldness", "segment": "C6", "side": "right"}],
        "measurements": [{**READING, "value": 9}],
    }


def _beside(ids: Ids, text: str, line: str) -> Iterator[Row]:
    yield {
        "type": "follow_up",
        "session_id": ids.signed,
        "reported_at": "2026-11-02T13:20:00.000001+02:00",
        "soreness": 4,
        "worst_soreness": 6,
        "sore_muscles": ["infraspinatus"],
        "interference": 2,
        "bruising": False,
        "fatigue": True,
        "change": "much_better",
        "red_flags": ["fainting"],
        "comment": text,
        "source": "patient_link",
        "language": "fr-CA",
    }
    yield {
        "type": "follow_up",
        "session_id": ids.void,
        "reported_at": "2026-11-09T10:00:00Z",
        "soreness": 0,
    }
    yield {
        "type": "measurement",
        "patient_id": ids.ana,
        "episode_id": ids.episode,
        "session_id": ids.signed,
        "taken_at": "2026-11-01T11:00:00-08:00",
        **READING,
        "value": 2.125,
    }
    yield {
        "type": "measurement",
        "patient_id": ids.ben,
        "taken_at": AT,
        "phase": "between",
        "instrument": "groc",
        "value": -3,
    }
    yield {
        "type": "consent",
        "patient_id": ids.ana,
        "episode_id": ids.episode,
        "kind": "needling",
        "decision": "withdrawn",
        "form": "written",
        "risks_disclosed": ["soreness"],
        "patient_specific_risks": text,
        "alternatives_discussed": text,
        "given_by": line,
        "obtained_by": line,
        "obtained_at": "2026-10-02T09:40:00-08:00",
        "valid_until": "2027-11-02",
        "withdrawn_at": "2026-11-20T09:40:00-08:00",
    }


def _said_in_safety(ids: Ids, text: str, line: str) -> Row:
    return {
        "type": "screening",
        "session_id": ids.signed,
        "rule_set": line,
        "answers": [{"code": "anticoagulant", "answer": "no", "detail": text}],
        "decision": "proceed",
        "decided_by": line,
        "decided_at": AT,
        "override_reason": text,
    }


def _gone_wrong(ids: Ids, text: str) -> Row:
    return {
        "type": "adverse_event",
        "patient_id": ids.ana,
        "session_id": ids.void,
        "kind": "bruise",
        "close_call": True,
        "severity": "mild",
        "expected": True,
        "causality": "certain",
        "muscle": "infraspinatus",
        "side": "left",
        "occurred_at": "2026-11-08T10:30:00Z",
        "detected_at": "2026-11-09T00:00:00Z",
        "action": text,
        "outcome": text,
        "description": text or "-",
    }


def fill(api: Api, text: str = 'Ünï, "quoted"\r\nand more') -> None:
    """Import that clinic, void one of its sessions, and raise two alerts, one of them answered."""
    rows = list(clinic_of(text))
    answer = api("POST", "/v1/imports", content=lines(rows), headers=NDJSON).json()
    assert (answer["rejected"], answer["created"]) == (0, len(rows)), answer["errors"]
    void = [row["id"] for row in rows if row["type"] == "session"][-1]
    etag = api.get(f"/v1/sessions/{void}").headers["etag"]
    voided = api.post(f"/v1/sessions/{void}/void", {"reason": "r"}, headers={"If-Match": etag})
    assert voided.status_code == 200, voided.text
    [signed, *_] = [row for row in rows if row.get("status") == "signed"]
    told = {"reported_at": "2026-11-02T10:00:00.25-08:00", "soreness": 1, "comment": text}
    for flag in ("fainting", "dry_cough"):
        path = f"/v1/sessions/{signed['id']}/follow-ups"
        api.create(path, **told, red_flags=[flag])
    ask_about(api, signed["id"], void, text)
    alert = f"/v1/alerts/{api.get('/v1/alerts').json()['items'][0]['id']}"
    assert api.post(f"{alert}/notes", {"note": text or "-"}).status_code == 200
    done = api.post(f"{alert}/acknowledge", {"action": "other", "note": text or "-"})
    assert done.status_code == 200, done.text


def ask_about(api: Api, signed: str, void: str, text: str) -> None:
    """Store one ask with every member, and one with the required ones."""
    at, id_ = ENDED_AT, uuid7()
    attempt = {"id": id_, "at": at, "kind": "first", "channel": "email", "status": "sent"}
    stored_ask(
        api,
        api.get(f"/v1/sessions/{signed}").json(),
        status="sent",
        reason="bounced",
        note=text or "-",
        sent_at=at,
        answered_by=id_,
        next_at=at,
        next_kind="reminder",
        attempts=[{**attempt, "reason": text or "-"}],
    )
    stored_ask(api, api.get(f"/v1/sessions/{void}").json())


def lines(rows: Sequence[Row]) -> bytes:
    """Rows as JSON lines."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def export(api: Api, file: str) -> Response:
    """Request an export; any answer but 200 fails."""
    answer = api.get(f"/v1/exports/{file}")
    assert answer.status_code == 200, answer.text
    return answer


def records(api: Api, dataset: str, **more: str) -> list[Row]:
    """A dataset's rows, from the NDJSON export."""
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return [
        json.loads(line)
        for line in export(api, f"{dataset}.ndjson?{query}").text.split("\n")
        if line
    ]


def described(api: Api, query: str = "") -> dict[str, Any]:
    """The schema of each table, by its name."""
    package = export(api, f"datapackage.json{query}").json()
    return {each["name"]: each["schema"] for each in package["resources"]}
