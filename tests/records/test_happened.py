"""What has happened lies in the past, and not before the patient's birth."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from httpx2 import Response
from hypothesis import given
from hypothesis import strategies as st

from app.core.operation import Operation
from app.core.values.clock import AHEAD_MAX
from app.kinds import AS_ROWS
from app.measurements.schemas import MeasurementBody
from app.measurements.service import MEASUREMENTS
from app.records import service as records
from app.records.rules import happened_faults
from app.transfer.bodies import READERS
from tests.ground import Api, Clinic
from tests.records.bodies import COLLECTIONS, faults
from tests.sweeps.world import World

Body = dict[str, Any]
MINUTE = timedelta(minutes=1)
CLOSED: Body = {"status": "finished"}
WITHDRAWN: Body = {"decision": "withdrawn"}
# Each time and day of something that happened, and what else a body needs to have it.
MEMBERS: list[tuple[str, str, Body]] = [
    ("episode", "onset_on", {}),
    ("episode", "medical_screen_on", {}),
    ("episode", "opened_at", {}),
    ("episode", "closed_at", CLOSED),
    ("session", "occurred_at", {}),
    ("follow-up", "reported_at", {}),
    ("measurement", "taken_at", {}),
    ("consent", "obtained_at", {}),
    ("consent", "withdrawn_at", WITHDRAWN),
    ("screening", "decided_at", {}),
    ("adverse event", "occurred_at", {}),
    ("adverse event", "detected_at", {}),
]
BORN = [each for each in MEMBERS if each[0] not in {"follow-up", "screening"}]


def test_every_member_that_says_when_something_happened_is_tested_here() -> None:
    names = {kind.replace("-", "_").replace(" ", "_"): set[str]() for kind, _, _ in MEMBERS}
    for kind, member, _ in MEMBERS:
        names[kind.replace("-", "_").replace(" ", "_")].add(member)
    found = {}
    for each in AS_ROWS:
        model = READERS[each.singular].body
        members = set(each.happened(model.model_construct(**dict.fromkeys(model.model_fields))))
        if members:
            found[each.singular] = members
    assert found.pop("session") == names.pop("session") | {"signed_at", "voided_at"}
    assert found == names


@pytest.fixture
def world(api: Api) -> World:
    return World(api)


@pytest.fixture
def at(clinic: Clinic) -> Callable[..., datetime]:
    """A time so many minutes from now."""
    return lambda minutes: clinic.operation().at + minutes * MINUTE


def send(world: World, kind: str, more: Body, session_at: datetime | None = None) -> Response:
    """Create the document's example, about a visit at that time."""
    path, model = COLLECTIONS[kind]
    body = world.example(model) | more
    session = world.known("sessions")
    if session_at is not None:
        visit = world.example("SessionBody") | {"occurred_at": session_at.isoformat()}
        session = world.api.create("/v1/sessions", **visit)["id"]
    if "session_id" in body:
        body["session_id"] = session
    return world.api.post(path.format(session_id=session), body)


def written(member: str, value: datetime) -> str:
    return (value.date() if member.endswith("_on") else value).isoformat()


@pytest.mark.parametrize(("kind", "member", "more"), MEMBERS)
def test_what_has_happened_is_at_most_five_minutes_ahead(
    world: World, at: Callable[..., datetime], kind: str, member: str, more: Body
) -> None:
    is_day = member.endswith("_on")
    soon, late = (0, 3 * 24 * 60) if is_day else (4, 6)
    taken = send(world, kind, {**more, member: written(member, at(soon))}, at(-60))
    assert taken.status_code == 201, taken.text
    before = at(0)
    refused = send(world, kind, {**more, member: written(member, at(late))}, at(-60))
    assert faults(refused) == {f"/{member}": "in_the_future"}
    detail = refused.json()["errors"][0]["detail"]
    [said] = re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", detail)
    assert abs(datetime.fromisoformat(said) - before) < MINUTE


@pytest.mark.parametrize(("kind", "member", "more"), BORN)
def test_nothing_happened_before_the_patient_was_born(
    api: Api, kind: str, member: str, more: Body
) -> None:
    patient_id = api.patient(birth_date="2020-06-01")["id"]
    path, model = COLLECTIONS[kind]
    body = World(api).example(model) | more | {"patient_id": patient_id}
    body |= dict.fromkeys(body.keys() & {"session_id", "episode_id", "detected_at"})
    for own, first in (("opened_at", "closed_at"), ("obtained_at", "withdrawn_at")):
        if member == first:
            body[own] = "2020-05-30T00:00:00Z"
    if (kind, member) == ("adverse event", "detected_at"):
        body["occurred_at"] = "2020-05-30T00:00:00Z"
    for day, expected in (("2020-05-31", {"before_birth"}), ("2020-06-01", set[str]())):
        body[member] = day if member.endswith("_on") else f"{day}T12:00:00Z"
        answer = api.post(path, body)
        found = {f["code"] for f in answer.json().get("errors", ()) if f["pointer"] == f"/{member}"}
        assert found == expected, answer.text


@pytest.mark.parametrize("attendance", ["cancelled", "declined"])
def test_a_visit_that_was_called_off_may_lie_ahead_but_not_before_the_birth(
    api: Api, at: Callable[..., datetime], attendance: str
) -> None:
    bare: Body = {"attendance": attendance, "needlings": [], "needle_count": None}
    assert api.session(occurred_at=at(60 * 24 * 30).isoformat(), **bare)["attendance"] == attendance
    patient = api.patient(birth_date="2020-06-01")["id"]
    whole = {"patient_id": patient, "practitioner_id": api.practitioner()["id"], **bare}
    early = api.post("/v1/sessions", whole | {"occurred_at": "2020-05-31T12:00:00Z"})
    assert faults(early) == {"/occurred_at": "before_birth"}


def test_a_planned_visit_is_no_attended_visit(api: Api, at: Callable[..., datetime]) -> None:
    visit = api.session(
        occurred_at=at(60 * 24).isoformat(),
        attendance="cancelled",
        needlings=[],
        needle_count=None,
    )
    path, held = f"/v1/sessions/{visit['id']}", {"If-Match": '"1"'}
    came = api("PATCH", path, json={"attendance": "attended"}, headers=held)
    assert faults(came) == {"/occurred_at": "in_the_future"}


def test_a_birth_date_can_not_move_past_what_has_happened(api: Api) -> None:
    patient = api.patient(birth_date="1980-01-01")
    episode = api.create("/v1/episodes", patient_id=patient["id"], complaint="c")
    session = api.session(patient_id=patient["id"], occurred_at="2026-11-01T10:00:00Z")
    path = f"/v1/patients/{patient['id']}"
    moved = api("PATCH", path, json={"birth_date": "2026-11-02"}, headers={"If-Match": '"1"'})
    assert (moved.status_code, moved.json()["type"]) == (409, "/problems/still-relied-on")
    assert moved.json()["resource_id"] in {session["id"], episode["id"]}
    corrected = api.change(patient, "/v1/patients", birth_date="2026-11-01")
    assert corrected["version"] == 2
    forgotten = api.change(corrected, "/v1/patients", birth_date=None)
    assert api.change(forgotten, "/v1/patients", birth_date="1990-01-01")["version"] == 4
    assert api.get(f"/v1/sessions/{session['id']}").json()["version"] == 1


def test_a_record_that_was_before_the_birth_already_does_not_hold_a_better_date_up(
    api: Api,
) -> None:
    patient = api.patient()
    event = World(api).example("AdverseEventBody") | {"patient_id": patient["id"]}
    event |= {"session_id": None, "occurred_at": "1950-01-01T00:00:00Z"}
    api.create("/v1/adverse-events", **event)
    path = f"/v1/patients/{patient['id']}"
    wrong = api("PATCH", path, json={"birth_date": "1960-01-01"}, headers={"If-Match": '"1"'})
    assert wrong.status_code == 409
    assert api.change(patient, "/v1/patients", birth_date="1949-12-31")["version"] == 2


def ahead(clinic: Clinic, api: Api) -> Body:
    """A measurement that was stored while the server's clock was a year ahead, without the rule."""
    op: Operation = clinic.operation("measurements.create")
    then = op.at + timedelta(days=365)
    body = World(api).example("MeasurementBody") | {"taken_at": then.isoformat()}
    with clinic.database.writing(clinic.id) as db:
        early = replace(op, at=then)
        early.begin(db)
        view, _ = records.create_one(
            early, MEASUREMENTS, MeasurementBody.model_validate_json(json.dumps(body))
        )
        early.finish()
    found: Body = api.get(f"/v1/measurements/{view['id']}").json()
    return found


def test_a_record_with_a_future_time_can_still_be_corrected(
    api: Api, clinic: Clinic, at: Callable[..., datetime]
) -> None:
    stored = ahead(clinic, api)
    path = f"/v1/measurements/{stored['id']}"
    changed = api.change(stored, "/v1/measurements", value=3)
    assert (changed["value"], changed["taken_at"]) == (3, stored["taken_at"])
    held = {"If-Match": '"2"'}
    later = at(60 * 24 * 400).isoformat()
    moved = api("PATCH", path, json={"taken_at": later}, headers=held)
    assert faults(moved) == {"/taken_at": "in_the_future"}
    put = {name: changed[name] for name in MeasurementBody.model_fields}
    whole = api("PUT", path, json={**put, "value": 4}, headers=held)
    assert whole.status_code == 200, whole.text
    assert api.change(whole.json(), "/v1/measurements", taken_at=at(0).isoformat())["version"] == 4


UTC_ZONE = ZoneInfo("UTC")
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
instants = st.datetimes(datetime(1901, 1, 1), datetime(2198, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is drawn beside it


@given(instants, st.none() | st.dates(date(1901, 1, 1), date(2026, 11, 30)))
def test_a_time_is_refused_if_it_is_ahead_or_before_the_birth_and_never_otherwise(
    value: datetime, born_on: date | None
) -> None:
    born = None if born_on is None else born_on.isoformat()
    codes = [fault.code for fault in happened_faults({"at": value}, NOW, born, UTC_ZONE)]
    early = born_on is not None and value.date() < born_on
    expected = ["in_the_future"] if value - NOW > AHEAD_MAX else ["before_birth"] if early else []
    assert codes == expected


@given(instants, st.integers(-14, 14))
def test_the_offset_of_a_time_decides_nothing(value: datetime, hours: int) -> None:
    elsewhere = value.astimezone(timezone(timedelta(hours=hours)))
    assert list(happened_faults({"at": value}, NOW, "2000", UTC_ZONE)) == list(
        happened_faults({"at": elsewhere}, NOW, "2000", UTC_ZONE)
    )


def test_an_imported_signature_is_not_ahead_and_a_void_is_not_before_it(api: Api) -> None:
    named = {"patient_id": api.patient()["id"], "practitioner_id": api.practitioner()["id"]}
    visit = {"type": "session", **named, "occurred_at": "2026-03-31T17:30:00-07:00"}
    visit |= {"technique": "gunn_ims"}
    signed = {"signed_at": "2026-04-01T09:00:00Z", "signed_by": "Dana Demo"}
    rows = [
        {**visit, **signed, "status": "signed", "signed_at": "2099-01-01T00:00:00Z"},
        {**visit, **signed, "status": "void", "voided_at": "2020-01-01T00:00:00Z"},
        {**visit, **signed, "status": "void", "voided_at": "2099-01-01T00:00:00Z"},
        {**visit, "status": "void", "voided_at": "2026-03-31T00:00:00Z"},
        {**visit, **signed, "status": "void", "voided_at": "2026-04-01T08:59:59Z"},
        {**visit, **signed, "status": "void", "voided_at": "2026-04-01T09:00:00Z"},
        {
            **visit,
            **signed,
            "attendance": "cancelled",
            "status": "void",
            "signed_at": "2026-03-01T00:00:00Z",
            "voided_at": "2026-03-02T00:00:00Z",
        },
    ]
    report = taken_in(api, rows)
    assert [(e["line"], e["pointer"], e["code"]) for e in report["errors"]] == [
        (1, "/signed_at", "in_the_future"),
        (2, "/voided_at", "out_of_order"),
        (3, "/voided_at", "in_the_future"),
        (4, "/voided_at", "before_session"),
        (5, "/voided_at", "out_of_order"),
    ]
    assert report["created"] == 2


def taken_in(api: Api, rows: list[Body]) -> Body:
    """The report of an import of rows."""
    headers = {"Content-Type": "application/x-ndjson"}
    answer = api("POST", "/v1/imports", content="\n".join(map(json.dumps, rows)), headers=headers)
    report: Body = answer.json()
    return report


def test_a_report_of_today_that_was_stored_is_found_by_its_id(api: Api, clinic: Clinic) -> None:
    """A file that was imported before the rule is imported again without a fault."""
    stored = ahead(clinic, api)
    sent = {name: stored[name] for name in MeasurementBody.model_fields if stored[name] is not None}
    report = taken_in(api, [{"type": "measurement", **sent}])
    assert (report["unchanged"], report["rejected"]) == (1, 0)
    assert UUID(stored["id"]).version == 7
