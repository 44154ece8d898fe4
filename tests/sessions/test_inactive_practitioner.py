"""No session that occurs later names an inactive practitioner; earlier ones may."""

from typing import Any

import pytest
from httpx2 import Response
from pydantic_core import to_json

from tests.ground import Api
from tests.records.bodies import faults

DAY = "2026-11-10"
BEFORE, ON, AFTER = "2026-11-09T23:59:00Z", "2026-11-10T00:00:00Z", "2026-11-12T10:00:00Z"
REFUSED = {"/practitioner_id": "practitioner_inactive"}
PATH = "/v1/sessions"


@pytest.fixture(name="former")
def inactive_practitioner(api: Api) -> str:
    """The id of a practitioner who is inactive from `DAY`."""
    return str(api.practitioner(inactive_from=DAY)["id"])


def body(api: Api, practitioner_id: str, occurred_at: str, **more: Any) -> dict[str, Any]:
    named = {"patient_id": api.patient()["id"], "practitioner_id": practitioner_id}
    return {**named, "occurred_at": occurred_at, **more}


def patched(api: Api, session: dict[str, Any], **changes: Any) -> Response:
    held = {"If-Match": f'"{session["version"]}"'}
    return api("PATCH", f"{PATH}/{session['id']}", json=changes, headers=held)


def acted(api: Api, session: dict[str, Any], action: str, sent: Any = None) -> Response:
    held = {"If-Match": f'"{session["version"]}"'}
    return api.post(f"{PATH}/{session['id']}/{action}", sent, headers=held)


def later_inactive(api: Api, **more: Any) -> dict[str, Any]:
    """A session whose practitioner is made inactive afterwards, from an earlier day."""
    practitioner = api.practitioner()
    session = api.session(practitioner_id=practitioner["id"], occurred_at=AFTER, **more)
    api.change(practitioner, "/v1/practitioners", inactive_from=DAY)
    return session


@pytest.mark.parametrize("occurred_at", [ON, AFTER, "2026-11-09T16:00:00-08:00"])
def test_a_session_from_their_day_on_can_not_name_them(
    api: Api, former: str, occurred_at: str
) -> None:
    whole = body(api, former, occurred_at)
    assert faults(api.post(PATH, whole)) == REFUSED
    path = f"{PATH}/019e0000-0000-7000-8000-00000000d00d"
    assert faults(api("PUT", path, json=whole)) == REFUSED
    assert faults(api.post(PATH, {**whole, "attendance": "cancelled"})) == REFUSED


def test_an_earlier_session_is_entered_and_signed(api: Api, former: str) -> None:
    session = api.session(practitioner_id=former, occurred_at=BEFORE)
    changed = patched(api, session, note="As on paper.").json()
    assert acted(api, changed, "sign").json()["status"] == "signed"


def test_a_session_can_not_be_moved_to_them_or_to_a_day_when_they_are_inactive(
    api: Api, former: str
) -> None:
    of_another = api.session(occurred_at=AFTER)
    assert faults(patched(api, of_another, practitioner_id=former)) == REFUSED
    earlier = api.session(practitioner_id=former, occurred_at=BEFORE)
    assert faults(patched(api, earlier, occurred_at=ON)) == REFUSED
    signed = acted(api, earlier, "sign").json()
    change = {"reason": "Wrong day.", "kind": "correction", "changes": {"occurred_at": AFTER}}
    under_changes = {"/changes/practitioner_id": "practitioner_inactive"}
    assert faults(acted(api, signed, "amend", change)) == under_changes


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"status": "signed", "signed_at": AFTER, "signed_by": "Dana"},
        {"status": "void", "voided_at": AFTER},
    ],
)
def test_an_import_takes_earlier_sessions_only(
    api: Api, former: str, status: dict[str, Any]
) -> None:
    count = {"opened": 1, "inserted": 1, "removed": 1, "disposed": 1}
    finished = {"type": "session", "technique": "gunn_ims", "needle_count": count, **status}
    rows = [body(api, former, at, **finished) for at in (BEFORE, ON)]
    media = {"Content-Type": "application/x-ndjson"}
    content = b"\n".join(map(to_json, rows))
    report = api("POST", "/v1/imports", content=content, headers=media).json()
    assert report["created"] == 1
    [error] = report["errors"]
    assert (error["line"], error["pointer"], error["code"]) == (
        2,
        "/practitioner_id",
        "practitioner_inactive",
    )


def test_an_import_judges_a_session_by_the_practitioner_in_a_row_above(api: Api) -> None:
    dana = "019e0000-0000-7000-8000-00000000dada"
    practitioner = {"type": "practitioner", "id": dana, "given_name": "D", "family_name": "E"}
    rows = [
        {**practitioner, "inactive_from": DAY},
        {"type": "session", **body(api, dana, BEFORE)},
        {"type": "session", **body(api, dana, AFTER)},
    ]
    media = {"Content-Type": "application/x-ndjson"}
    content = b"\n".join(map(to_json, rows))
    report = api("POST", "/v1/imports", content=content, headers=media).json()
    assert [error["line"] for error in report["errors"]] == [3]


def test_sessions_that_are_stored_already_do_not_keep_a_practitioner_active(api: Api) -> None:
    session = later_inactive(api)
    found = api.get(f"{PATH}/{session['id']}").json()
    assert found == session
    practitioner = api.get(f"/v1/practitioners/{session['practitioner_id']}").json()
    assert practitioner["status"] == "inactive"


def test_a_stored_draft_that_names_them_can_still_be_changed_and_signed(api: Api) -> None:
    session = later_inactive(api)
    changed = patched(api, session, note="More was said.", occurred_at="2026-11-12T11:00:00Z")
    assert changed.status_code == 200, changed.text
    assert faults(patched(api, changed.json(), occurred_at="2026-11-13T10:00:00Z")) == REFUSED
    moved = patched(api, changed.json(), occurred_at=BEFORE).json()
    signed = acted(api, moved, "sign").json()
    assert signed["status"] == "signed"


def test_a_practitioner_who_is_active_again_is_named_again(api: Api, former: str) -> None:
    practitioner = api.get(f"/v1/practitioners/{former}").json()
    api.change(practitioner, "/v1/practitioners", status="active")
    assert api.post(PATH, body(api, former, AFTER)).status_code == 201
