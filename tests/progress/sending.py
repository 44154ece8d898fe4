"""Made-up histories as the records that the interface takes."""

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from app.core.values.clock import uuid7
from tests.ground import Api
from tests.progress.records import AS_OF, Record

MUSCLES = Path("app/muscles/data/muscles.csv")

COUNT = dict.fromkeys(("opened", "inserted", "removed", "disposed"), 9)
SIGNED_AT = (AS_OF + timedelta(days=1)).isoformat()


def sendable(records: list[Record], chart: Record) -> list[Record]:
    """A made-up history as the records of one patient that the interface takes.

    Void sessions are sent as signed ones, to be voided. A paraspinal muscle gets its level and no
    other has one. What was said after a visit that did not take place is left out.
    """
    attended = {row["id"] for row in records if row.get("attendance") == "attended"}
    missed = {row["id"] for row in records if row.get("attendance") == "no_show"}
    sent = []
    for row in records:
        if row["type"] == "follow_up" and row["session_id"] not in attended:
            continue
        if row["type"] == "adverse_event" and row["session_id"] in missed:
            continue  # an event needs a patient who came, or who declined or cancelled
        named = {
            name: chart["ids"].get(row[name])
            for name in ("id", "session_id", "episode_id")
            if name in row
        }
        whole = {"id": str(uuid7()), **row, **named, **chart["owner"]}
        if row["type"] == "session":
            if row["attendance"] == "attended":
                whole |= {"technique": "gunn_ims", "needle_count": COUNT}
            if row["status"] != "draft":
                whole |= {"status": "signed"}
                whole |= {"signed_at": SIGNED_AT, "signed_by": "Dana Demo"}
            whole["practitioner_id"] = chart["ids"][row["practitioner_id"]]
            whole["needlings"] = list(map(_needling, row.get("needlings", [])))
        elif row["type"] == "follow_up":
            del whole["patient_id"]
            whole["source"] = "integration"
        elif row["type"] == "episode":
            finished = row["closed_at"] is not None
            whole |= {"complaint": "Pain", "status": "finished" if finished else "active"}
        elif row["type"] == "adverse_event":
            whole |= {
                "expected": True,
                "causality": "possible",
                "description": "A bruise.",
            }
        sent.append(whole)
    return sent


def voided(
    api: Api, records: Sequence[Record], chart: Record, sent: Sequence[Record]
) -> list[Record]:
    """Void the sessions that are void in a history, and return what was sent with them void."""
    ids = {chart["ids"][row["id"]] for row in records if row.get("status") == "void"}
    reason = {"reason": "It was another patient's."}
    for id in ids:
        answer = api.post(f"/v1/sessions/{id}/void", reason, headers={"If-Match": '"1"'})
        assert answer.status_code == 200, answer.text
    return [row | {"status": "void"} if row["id"] in ids else row for row in sent]


@cache
def roots() -> Mapping[str, str]:
    """The muscle of each part, as the published list has it."""
    with MUSCLES.open(encoding="utf-8", newline="") as lines:
        return {row["slug"]: row["part_of"] for row in csv.DictReader(lines) if row["part_of"]}


def _needling(row: Record) -> Record:
    if row["muscle"] == "multifidus":
        return row | {"muscle": "multifidus_cervicis", "spinal_level": row["spinal_level"] or "C6"}
    return row | {"spinal_level": None}


def people(records: list[Record]) -> tuple[list[Record], Record]:
    """A new patient and both practitioners, and under which ids a history is sent."""
    patient_id = str(uuid7())
    names = {row["id"] for row in records if "id" in row} | {"dana", "sam"}
    ids = {name: str(uuid5(NAMESPACE_OID, patient_id + name)) for name in names}
    rows: list[dict[str, Any]] = [{"type": "patient", "id": patient_id}]
    for name in ("dana", "sam"):
        named = {"given_name": name, "family_name": "Demo"}
        rows.append({"type": "practitioner", "id": ids[name], **named})
    return rows, {"owner": {"patient_id": patient_id}, "ids": ids}


def known_by(patient_id: str, rows: Sequence[Record], as_of: datetime) -> list[Record]:
    """What the file says of one patient up to a time."""
    visits = {row["id"] for row in rows if row.get("patient_id") == patient_id}
    return [
        row
        for row in rows
        if (row.get("patient_id") == patient_id or row.get("session_id") in visits)
        and any(
            datetime.fromisoformat(row[name]) <= as_of
            for name in ("occurred_at", "reported_at", "taken_at", "opened_at")
            if name in row
        )
    ]
