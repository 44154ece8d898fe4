"""An import of the export `records` creates the same clinic."""

import json
from collections.abc import Mapping
from typing import Any

from httpx2 import Client
from hypothesis import assume, given, settings

from app.core.db.database import Database
from app.core.values.text import is_blank, nfc
from app.transfer.bodies import READERS
from tests.ground import Api, Clinic, create_clinic
from tests.ledger.attacker import history
from tests.transfer.exported import NDJSON, Row, export, fill
from tests.transfer.test_exports import HOSTILE, LISTS, everything

STAMPS = {
    *("version", "created_at", "updated_at", "amended_at", "recorded_at", "late_entry"),
    *("credentials", "catalogue_version", "hours_after", "window"),
}
"""Members of sessions and follow-ups that the server sets; some depend on the time."""


def clinic_said(api: Api) -> Mapping[str, list[Row]]:
    """All records of a clinic, without the members that the server sets."""
    paths = {**LISTS, "thresholds": "/v1/thresholds", "terms": "/v1/terms"}
    del paths["alerts"], paths["asks"]  # an import raises none, and asks nobody
    collected = {name: everything(api, path) for name, path in paths.items()}
    collected["follow-ups"] = [
        report
        for session in collected["sessions"]
        for report in everything(api, f"/v1/sessions/{session['id']}/follow-ups")
    ]
    for records in collected.values():
        for record in records:
            for stamp in STAMPS - ({"credentials"} if "given_name" in record else set()):
                record.pop(stamp, None)
    return collected


def take_in(api: Api, content: bytes) -> Row:
    report: Row = api("POST", "/v1/imports", content=content, headers=NDJSON).json()
    assert report["rejected"] == 0, report["errors"]
    return report


def test_importing_the_records_export_creates_an_identical_clinic(
    api: Api, wire: Client, database: Database
) -> None:
    fill(api)
    amend(api)
    content = export(api, "records.ndjson").content
    other = Api(wire, create_clinic(database).key())
    assert take_in(other, content)["created"] == content.count(b"\n")
    assert clinic_said(other) == clinic_said(api)
    assert export(other, "records.ndjson").content == content
    assert take_in(other, content)["unchanged"] == content.count(b"\n")


def amend(api: Api) -> None:
    """Amend one session, so that the export must contain its latest version."""
    signed = next(s for s in everything(api, LISTS["sessions"]) if s["status"] == "signed")
    body: Any = {"reason": "r", "kind": "correction", "changes": {"note": "Amended."}}
    tag = {"If-Match": f'"{signed["version"]}"'}
    assert api.post(f"/v1/sessions/{signed['id']}/amend", body, headers=tag).status_code == 200


@settings(max_examples=8)
@given(HOSTILE)
def test_any_text_survives_export_and_import(wire: Client, database: Database, text: str) -> None:
    assume(not is_blank(text))
    one, other = (Api(wire, create_clinic(database).key()) for _ in range(2))
    fill(one, text)
    content = export(one, "records.ndjson").content
    take_in(other, content)
    assert export(other, "records.ndjson").content == content
    assert nfc(text) in {session["note"] for session in clinic_said(other)["sessions"]}


def test_the_cohort_is_exported_as_it_was_imported(
    api: Api, wire: Client, database: Database, cohort: Any
) -> None:
    take_in(api, b"".join(json.dumps(row).encode() + b"\n" for row in cohort))
    content = export(api, "records.ndjson").content
    other = Api(wire, create_clinic(database).key())
    take_in(other, content)
    assert clinic_said(other) == clinic_said(api)
    assert export(other, "records.ndjson").content == content


def test_records_come_after_those_that_they_refer_to(api: Api) -> None:
    fill(api)
    content = export(api, "records.ndjson").text.split("\n")[:-1]
    types = [line.split('"')[3] for line in content]
    assert list(dict.fromkeys(types)) == list(READERS)


def test_exporting_records_leaves_an_entry_for_every_patient(api: Api, clinic: Clinic) -> None:
    made = {api.patient()["id"] for _ in range(3)}
    export(api, "records.ndjson")
    told = {str(e["patient_id"]) for e in history(clinic) if e["reason"] == "records.ndjson"}
    assert told == made
    assert api.get("/v1/exports/records.csv").status_code == 404


def test_a_session_that_was_voided_elsewhere_has_its_time(api: Api) -> None:
    session = {
        "type": "session",
        "patient_id": api.patient()["id"],
        "practitioner_id": api.practitioner()["id"],
        "occurred_at": "2026-11-01T10:00:00Z",
    }
    for wrong, code in (
        ({"status": "void"}, "voided_at_missing"),
        ({"voided_at": "2026-11-02T10:00:00Z"}, "not_void"),
    ):
        answer = api("POST", "/v1/imports", content=json.dumps(session | wrong), headers=NDJSON)
        assert [e["code"] for e in answer.json()["errors"]] == [code]
