"""A session from draft to signed, amended and void: every version stays readable."""

from datetime import timedelta
from typing import Any

import pytest

from app.core.values.clock import uuid7
from tests.ground import Api, Clinic
from tests.records.bodies import faults


class Visit:
    """One session with its actions, each with the newest version as `If-Match`."""

    def __init__(self, api: Api, **body: Any) -> None:
        self.api = api
        self.now = api.session(**body)
        self.path = f"/v1/sessions/{self.now['id']}"
        self.history = [self.now]

    def act(self, method: str, step: str = "", body: Any = None) -> Any:
        """Send a request that names the newest version, and return the answer."""
        held = {"If-Match": f'"{self.now["version"]}"'}
        answer = self.api(method, self.path + step, json=body, headers=held)
        if answer.is_success and answer.json() != self.now:
            self.now = answer.json()
            self.history.append(self.now)
        return answer

    def sign(self) -> Any:
        return self.act("POST", "/sign")

    def amend(self, **changes: Any) -> Any:
        body = {"reason": "misread", "kind": "correction", "changes": changes}
        return self.act("POST", "/amend", body)

    def void(self) -> Any:
        return self.act("POST", "/void", {"reason": "another patient"})

    def patch(self, **changes: Any) -> Any:
        return self.act("PATCH", "", changes)


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def test_a_session_begins_as_a_draft(api: Api) -> None:
    session = api.session()
    assert (session["status"], session["version"], session["alert"]) == ("draft", 1, False)
    assert (session["signed_at"], session["signed_by"]) == (None, None)
    assert (session["amended_at"], session["voided_at"]) == (None, None)


def test_a_signature_says_when_and_by_whom(api: Api) -> None:
    visit = Visit(api)
    assert visit.sign().status_code == 200
    client_id = api.key.split("_")[1]
    assert visit.now["status"] == "signed"
    assert visit.now["signed_by"].replace("-", "") == f"client:{client_id}"
    assert visit.now["signed_at"] == visit.now["updated_at"]
    unchanged = ("status", "signed_at", "signed_by", "version", "updated_at")
    assert {k: v for k, v in visit.now.items() if k not in unchanged} == {
        k: v for k, v in visit.history[0].items() if k not in unchanged
    }


def test_every_version_stays_readable_and_equal_to_what_it_was(api: Api) -> None:
    visit = Visit(api, note="one")
    visit.patch(note="two")
    visit.act("PUT", "", {**content(visit.now), "note": "three"})
    visit.sign()
    visit.amend(note="four", duration_min=30)
    visit.amend(needlings=[{"muscle": "infraspinatus", "side": "right", "needle": {"lot": "L"}}])
    visit.void()
    assert [version["version"] for version in visit.history] == [1, 2, 3, 4, 5, 6, 7]
    for version in visit.history:
        answer = api.get(f"{visit.path}/versions/{version['version']}")
        assert answer.json() == version
        assert answer.headers["etag"] == f'"{version["version"]}"'
    items = api.get(f"{visit.path}/versions").json()["items"]
    assert [item["body"] for item in items] == visit.history
    assert [(item["operation"], item["reason"]) for item in items] == [
        ("sessions.create", None),
        ("sessions.update", None),
        ("sessions.replace", None),
        ("sessions.sign", None),
        ("sessions.amend", "correction: misread"),
        ("sessions.amend", "correction: misread"),
        ("sessions.void", "another patient"),
    ]
    assert {item["resource_id"] for item in items} == {visit.now["id"]}
    assert {item["patient_id"] for item in items} == {visit.now["patient_id"]}


def content(session: dict[str, Any]) -> dict[str, Any]:
    """The members of a session that a client sends."""
    server = {
        *("status", "alert", "credentials", "catalogue_version", "recorded_at", "signed_at"),
        *("signed_by", "amended_at", "voided_at", "late_entry", "version", "created_at"),
        *("updated_at", "overrides", "warnings"),
    }
    return {name: value for name, value in session.items() if name not in server}


def test_versions_are_listed_a_page_at_a_time(api: Api) -> None:
    visit = Visit(api)
    for n in range(4):
        visit.patch(note=str(n))
    first = api.get(f"{visit.path}/versions?limit=3").json()
    second = api.get(first["next"]).json()
    assert [item["version"] for item in first["items"]] == [1, 2, 3]
    assert [item["version"] for item in second["items"]] == [4, 5]
    assert second["next"] is None


@pytest.mark.parametrize("version", [2, 2**31 - 1])
def test_an_unknown_version_is_404(api: Api, version: int) -> None:
    assert api.get(f"/v1/sessions/{api.session()['id']}/versions/{version}").status_code == 404


def test_the_versions_of_an_unknown_session_are_404(api: Api) -> None:
    patient = api.patient()
    for id_ in (patient["id"], str(uuid7())):
        assert api.get(f"/v1/sessions/{id_}/versions").status_code == 404
        assert api.get(f"/v1/sessions/{id_}/versions/1").status_code == 404


def test_a_signed_session_can_only_be_amended(api: Api) -> None:
    visit = Visit(api)
    visit.sign()
    whole = {**content(visit.now), "note": "x"}
    for answer in (visit.patch(note="x"), visit.act("PUT", "", whole), visit.sign()):
        assert problem(answer) == (409, "session-signed")
    assert api.get(visit.path).json() == visit.now


def test_a_draft_can_only_be_edited(api: Api) -> None:
    assert problem(Visit(api).amend(note="x")) == (409, "session-draft")


def test_a_void_session_can_not_change(api: Api) -> None:
    for signed in (False, True):
        visit = Visit(api)
        if signed:
            visit.sign()
        assert visit.void().status_code == 200
        assert (visit.now["status"], visit.now["voided_at"]) == ("void", visit.now["updated_at"])
        for answer in (visit.patch(note="x"), visit.sign(), visit.amend(note="x"), visit.void()):
            assert problem(answer) == (409, "session-void")
        assert api.get(visit.path).json() == visit.now


def test_an_amendment_needs_a_reason_and_a_change(api: Api) -> None:
    visit = Visit(api, note="n")
    visit.sign()
    good: dict[str, Any] = {"reason": "r", "kind": "addendum", "changes": {"note": "m"}}
    for wrong, place in (
        ({**good, "reason": ""}, "/reason"),
        ({**good, "reason": "x" * 4_001}, "/reason"),
        ({**good, "kind": "other"}, "/kind"),
        ({**good, "changes": []}, "/changes"),
        ({**good, "changes": {"note": "n"}}, "/changes"),
        ({**good, "changes": {}}, "/changes"),
        ({**good, "changes": {"no_such_field": 1}}, "/changes/no_such_field"),
        ({**good, "changes": {"needlings": [{"muscle": "x"}]}}, "/changes/needlings/0/muscle"),
        ({**good, "changes": {"practitioner_id": str(uuid7())}}, "/changes/practitioner_id"),
        ({**good, "changes": {"technique": None}}, "/changes/technique"),
        ({**good, "changes": {"status": "draft"}}, "/changes/status"),
        ({**good, "changes": {"signed_by": "me"}}, "/changes/signed_by"),
        ({**good, "more": 1}, "/more"),
    ):
        assert place in faults(visit.act("POST", "/amend", wrong)), wrong
    assert visit.act("POST", "/amend", good).status_code == 200
    assert visit.now["amended_at"] == visit.now["updated_at"]
    assert visit.now["status"] == "signed"
    for unsaid in ({}, {"reason": ""}, {"reason": "x" * 4_001}, {"reason": "r", "x": 1}):
        assert visit.act("POST", "/void", unsaid).status_code == 422


def test_signing_an_incomplete_session_is_refused(api: Api) -> None:
    count = {"opened": 2, "inserted": 2, "removed": 1, "disposed": 1}
    visit = Visit(api, technique=None, needle_count=None)
    assert faults(visit.sign()) == {
        "/technique": "technique_missing",
        "/needle_count": "needle_count_missing",
    }
    visit.patch(technique="gunn_ims", needle_count=count)
    assert problem(visit.sign()) == (422, "not-ready-to-sign")
    assert faults(visit.sign()) == {"/needle_count/removed": "needles_unaccounted"}
    assert visit.now["status"] == "draft"
    visit.patch(needle_count={**count, "mismatch_reason": "one bent: kept for the maker"})
    assert visit.sign().status_code == 200


def test_a_visit_can_be_signed_after_it_took_place(api: Api, clinic: Clinic) -> None:
    def at(minutes: float) -> str:
        return (clinic.operation().at + timedelta(minutes=minutes)).isoformat()

    visit = Visit(api, occurred_at=at(4))  # as from a tablet whose clock is ahead
    assert visit.sign().status_code == 200
    assert faults(visit.amend(occurred_at=at(6))) == {"/changes/occurred_at": "in_the_future"}
    bare: dict[str, Any] = {"needlings": [], "needle_count": None}
    ahead = Visit(api, occurred_at=at(60 * 24), attendance="cancelled", **bare)
    assert ahead.sign().status_code == 200


def test_an_amendment_must_keep_the_session_complete(api: Api) -> None:
    visit = Visit(api)
    visit.sign()
    refused = visit.amend(needle_count={"removed": 0})
    assert faults(refused) == {"/changes/needle_count/removed": "needles_unaccounted"}


@pytest.mark.parametrize("attendance", ["cancelled", "no_show", "declined"])
def test_a_missed_visit_can_be_signed_too(api: Api, attendance: str) -> None:
    bare: dict[str, Any] = {"needlings": [], "needle_count": None, "technique": None}
    visit = Visit(api, attendance=attendance, **bare)
    assert visit.sign().status_code == 200
    assert visit.now["attendance"] == attendance


def test_credentials_are_copied_as_they_were_on_the_day(api: Api) -> None:
    def credential(number: str, valid_from: str, valid_to: str | None) -> dict[str, Any]:
        named = {"kind": "gunn_ims", "body": "College", "number": number}
        return {**named, "valid_from": valid_from, "valid_to": valid_to}

    held = [
        credential("ended", "2019-01-01", "2026-10-31"),
        credential("last day", "2019-01-01", "2026-11-01"),
        credential("first day", "2026-11-01", None),
        credential("later", "2026-11-02", None),
    ]
    api.live_in("America/Vancouver")
    practitioner = api.practitioner(credentials=held)
    session = api.session(
        practitioner_id=practitioner["id"], occurred_at="2026-11-01T23:30:00-08:00"
    )
    assert [c["number"] for c in session["credentials"]] == ["last day", "first day"]


def test_a_signed_session_keeps_its_copy_of_the_credentials(api: Api) -> None:
    held = {"kind": "gunn_ims", "body": "College", "number": "1", "valid_from": "2019-01-01"}
    practitioner, other = api.practitioner(credentials=[held]), api.practitioner()
    visit = Visit(api, practitioner_id=practitioner["id"])
    copied = visit.now["credentials"]
    visit.sign()
    path = f"/v1/practitioners/{practitioner['id']}"
    withdrawn = api("PATCH", path, json={"credentials": []}, headers={"If-Match": '"1"'})
    assert withdrawn.status_code == 200
    visit.amend(note="a word more")
    assert visit.now["credentials"] == copied
    visit.amend(practitioner_id=other["id"])
    assert visit.now["credentials"] == []


@pytest.mark.parametrize(("hours", "late"), [(23.9, False), (24.1, True), (-0.05, False)])
def test_an_entry_a_day_after_the_visit_is_marked_as_late(
    api: Api, clinic: Clinic, hours: float, *, late: bool
) -> None:
    occurred_at = clinic.operation().at - timedelta(hours=hours)
    visit = Visit(api, occurred_at=occurred_at.isoformat())
    assert visit.now["late_entry"] is late
    assert visit.now["recorded_at"] == visit.now["created_at"]
    recorded_at = visit.now["recorded_at"]
    visit.patch(note="n")
    visit.sign()
    assert (visit.now["recorded_at"], visit.now["late_entry"]) == (recorded_at, late)
