"""The same instant at another UTC offset is no change, of whatever kind the record is."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.values.clock import uuid7
from tests.ground import Api
from tests.records.bodies import COLLECTIONS
from tests.summaries.charts import signed
from tests.sweeps.world import World, stored
from tests.transfer.test_imports import counts, imported, lines

MOMENTS = {
    "episode": ("opened_at",),
    "session": ("occurred_at",),
    "follow-up": ("reported_at",),
    "measurement": ("taken_at",),
    "consent": ("obtained_at",),
    "screening": ("decided_at",),
    "adverse event": ("occurred_at",),
}
OFFSETS = st.integers(-1439, 1439)
FEW = settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def respelt(body: dict[str, Any], kind: str, minutes: int) -> dict[str, Any]:
    """The same body, with its instants at another offset and with zeros past a microsecond."""
    zone = timezone(timedelta(minutes=minutes))
    written = {
        name: datetime.fromisoformat(body[name]).astimezone(zone).isoformat(timespec="microseconds")
        for name in MOMENTS[kind]
    }
    return body | {name: f"{at[:26]}000{at[26:]}" for name, at in written.items()}


def made(api: Api, kind: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Create a record with an id of the client's: its collection, body and answer."""
    world = World(api)
    path, model = COLLECTIONS[kind]
    path = path.format(session_id=world.known("sessions"))
    body = world.example(model) | {"id": str(uuid7())}
    return path, body, stored(api.create(path, **body))


@pytest.mark.parametrize("kind", MOMENTS)
@FEW
@given(minutes=OFFSETS)
def test_a_create_repeated_at_another_offset_is_the_stored_record(
    api: Api, kind: str, minutes: int
) -> None:
    path, body, record = made(api, kind)
    before = len(api.get("/v1/changes?limit=200").json()["items"])
    again = respelt(body, kind, minutes)
    for answer in (api.post(path, again), api("PUT", f"{path}/{body['id']}", json=again)):
        assert answer.status_code == 200, answer.text
        assert stored(answer.json()) == record
        assert answer.headers["etag"] == '"1"'
    assert len(api.get("/v1/changes?limit=200").json()["items"]) == before
    [name] = MOMENTS[kind]
    moved = datetime.fromisoformat(body[name]) + timedelta(microseconds=1)
    other = api.post(path, body | {name: moved.isoformat()})
    assert other.json()["type"] == "/problems/id-taken"


@pytest.mark.parametrize("kind", [kind for kind in MOMENTS if kind != "follow-up"])
@FEW
@given(minutes=OFFSETS)
def test_a_change_to_another_offset_is_no_change(api: Api, kind: str, minutes: int) -> None:
    path, body, record = made(api, kind)
    [name] = MOMENTS[kind]
    again, held = respelt(body, kind, minutes), {"If-Match": '"1"'}
    place = f"{path}/{body['id']}"
    for method, sent in (("PATCH", {name: again[name]}), ("PUT", again)):
        answer = api(method, place, json=sent, headers=held)
        assert answer.status_code == 200, answer.text
        assert stored(answer.json()) == record
    assert api.get(place).json() == record


def test_a_repeat_within_one_import_is_unchanged(api: Api) -> None:
    whose = {"patient_id": api.patient()["id"], "practitioner_id": api.practitioner()["id"]}
    row = {"type": "session", "id": str(uuid7()), **whose}
    rows = [
        row | {"occurred_at": at, "duration_min": 45}
        for at in ("2026-11-01T10:00:00-08:00", "2026-11-01T18:00:00Z", "2026-11-02T03:00:00+09:00")
    ]
    assert counts(imported(api, lines(rows))) == (1, 2, 0)
    assert counts(imported(api, lines(rows[::-1]))) == (0, 3, 0)
    session = api.get(f"/v1/sessions/{row['id']}").json()
    assert (session["occurred_at"], session["version"]) == ("2026-11-01T10:00:00-08:00", 1)


@FEW
@given(minutes=OFFSETS)
def test_an_amendment_to_another_offset_changes_nothing(api: Api, minutes: int) -> None:
    kind = {"kind": "gunn_ims", "body": "B", "number": "1", "valid_from": "2026-11-01"}
    held = [kind | {"valid_to": "2026-11-01"}]
    session = signed(api, practitioner_id=api.practitioner(credentials=held)["id"])
    assert session["credentials"]
    at = respelt(session, "session", minutes)["occurred_at"]
    path, tag = f"/v1/sessions/{session['id']}", {"If-Match": f'"{session["version"]}"'}
    amend = {"kind": "correction", "reason": "r", "changes": {"occurred_at": at}}
    answer = api.post(f"{path}/amend", amend, headers=tag)
    assert [e["code"] for e in answer.json()["errors"]] == ["no_change"]
    assert api.get(path).json() == session
    amend["changes"] = {"occurred_at": at, "note": "n"}
    amended = api.post(f"{path}/amend", amend, headers=tag).json()
    assert amended["note"] == "n"
    assert amended["occurred_at"] == session["occurred_at"]
    assert amended["credentials"] == session["credentials"]
