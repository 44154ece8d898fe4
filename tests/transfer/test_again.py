"""A row that comes again is recognised, however it is written or its record was changed."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.values.clock import uuid7, uuid7_at
from app.core.values.wire import texts_in, validated
from app.records.repeats import digest
from app.transfer.bodies import READERS, read_row
from tests.ground import Api, Clinic
from tests.transfer.exported import export, fill
from tests.transfer.test_imports import counts, imported, lines
from tests.transfer.test_records import amend

Row = dict[str, Any]
CLINIC = UUID(int=7)
CSV = {"Content-Type": "text/csv"}


def ids(row: Mapping[str, Any]) -> tuple[UUID, ...]:
    return read_row(json.dumps(row).encode(), CLINIC).ids


def follow_up(session_id: str, **more: Any) -> Row:
    return {
        "type": "follow_up",
        "session_id": session_id,
        "reported_at": "2026-11-02T10:00:00-08:00",
        "soreness": 6,
        "comment": "a, b",
        **more,
    }


OTHERWISE: dict[str, Row] = {
    "another offset": {"reported_at": "2026-11-02T18:00:00Z"},
    "a third offset": {"reported_at": "2026-11-02T23:30:00.000+05:30"},
    "a whole float": {"soreness": 6.0},
    "a null": {"bruising": None},
    "a default": {"source": "practitioner"},
}


@pytest.mark.parametrize("how", OTHERWISE)
def test_a_row_without_an_id_is_the_same_record_in_any_spelling(api: Api, how: str) -> None:
    row = follow_up(api.session()["id"])
    other = dict(reversed({**row, **OTHERWISE[how]}.items()))
    assert counts(imported(api, lines([row, other]))) == (1, 1, 0)
    assert counts(imported(api, lines([other, row]))) == (0, 2, 0)
    assert counts(imported(api, lines([follow_up(row["session_id"], soreness=5)]))) == (1, 0, 0)


def test_a_row_without_an_id_is_the_same_record_as_csv_and_as_json(api: Api) -> None:
    row = follow_up(api.session()["id"])
    text = io.StringIO()
    written = {**row, "soreness": "6.0", "reported_at": "2026-11-02T18:00:00+00:00"}
    csv.writer(text).writerows([written.keys(), written.values()])
    first = api("POST", "/v1/imports", content=text.getvalue(), headers=CSV)
    assert counts(first.json()) == (1, 0, 0)
    assert counts(imported(api, lines([row]))) == (0, 1, 0)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2026, 1, 1)),  # noqa: DTZ001 - the offset follows
    st.lists(st.integers(-14 * 60, 14 * 60), min_size=2, max_size=2),
)
def test_the_id_of_a_row_does_not_depend_on_offsets(at: datetime, offsets: list[int]) -> None:
    instant = at.replace(tzinfo=UTC)
    first, second = (
        ids(follow_up(str(CLINIC), reported_at=instant.astimezone(zone).isoformat()))
        for zone in (timezone(timedelta(minutes=minutes)) for minutes in offsets)
    )
    assert first[0] == second[0]


def test_every_instant_of_a_row_is_a_member_of_its_own() -> None:
    """An id would depend on the offset of an instant inside a list or an object."""
    for reader in READERS.values():
        inner = reader.body.model_json_schema().get("$defs", {})
        assert "date-time" not in json.dumps(inner)


def with_old_id(row: Row, clinic_id: UUID, *, texts_as_sent: bool) -> Row:
    """A row with the id that an earlier version gave it.

    The instant had its offset. Before that, texts were as they were sent.
    """
    reader = READERS[row["type"]]
    kind, model = reader.kind, reader.body
    raw = json.dumps(row).encode()
    body: Any = validated(model, raw, texts_in(row) if texts_as_sent else None)
    moment = getattr(body, kind.moments[0], None) if kind.moments else None
    content = hashlib.sha256(clinic_id.bytes + kind.noun.encode() + digest(body)).digest()
    milliseconds = int(moment.timestamp() * 1000) if moment else 0
    return {**row, "id": str(uuid7_at(milliseconds, content[:10]))}


@pytest.mark.parametrize("texts_as_sent", [True, False])
def test_a_row_that_an_earlier_version_gave_an_id_is_still_found(
    api: Api, clinic: Clinic, *, texts_as_sent: bool
) -> None:
    file = [
        follow_up(api.session()["id"], comment="a\u0301"),
        {"type": "patient", "given_name": "  Ada   Maria "},
    ]
    before = [with_old_id(row, clinic.id, texts_as_sent=texts_as_sent) for row in file]
    assert counts(imported(api, lines(before))) == (2, 0, 0)
    assert counts(imported(api, lines(file))) == (0, 2, 0)


def test_a_clinics_own_export_changes_nothing_whatever_became_of_its_records(api: Api) -> None:
    fill(api)
    amend(api)
    for patient in api.get("/v1/patients?limit=200").json()["items"]:
        api.change(patient, "/v1/patients", phone="5550199")
    content = export(api, "records.ndjson").content
    assert counts(imported(api, content)) == (0, content.count(b"\n"), 0)
    assert export(api, "records.ndjson").content == content


def test_a_row_is_compared_with_the_record_as_it_was_created_and_as_it_is(api: Api) -> None:
    created = {"id": str(uuid7()), "type": "patient", "given_name": "Ada"}
    assert counts(imported(api, lines([created]))) == (1, 0, 0)
    stored = api.get(f"/v1/patients/{created['id']}").json()
    stored = api.change(stored, "/v1/patients", given_name="Ida", birth_date="1980")
    api.change(stored, "/v1/patients", sex="other")
    now = {**created, "given_name": "Ida", "birth_date": "1980", "sex": "other"}
    between = {**created, "given_name": "Ida", "birth_date": "1980"}
    report = imported(api, lines([created, between, now, {**now, "phone": "5550199"}]))
    assert counts(report) == (0, 2, 2)
    assert [(e["line"], e["code"]) for e in report["errors"]] == [
        (2, "id-taken"),
        (4, "id-taken"),
    ]


def test_a_word_that_comes_again_is_the_same_as_its_code(api: Api) -> None:
    episode = {"type": "episode", "id": str(uuid7()), "patient_id": api.patient()["id"]}
    episode |= {"complaint": "Pain", "region": "Shoulder", "opened_at": "2026-11-02T10:00:00Z"}
    assert counts(imported(api, lines([episode]))) == (1, 0, 0)
    stored = api.get(f"/v1/episodes/{episode['id']}").json()
    assert stored["region"] == "shoulder"
    api.change(stored, "/v1/episodes", goals=["Walk"])
    again = [episode, {**episode, "goals": ["Walk"]}, {**episode, "goals": []}]
    assert counts(imported(api, lines(again))) == (0, 3, 0)
