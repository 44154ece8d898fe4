"""What acts for a practitioner ends when they become inactive, and never comes back."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import update

from app.auth.queries import CACHED_S, caller_by_identity
from app.clients import service as clients
from app.core.operation import perform
from app.core.values.access import Caller, Refused, Scope
from app.core.values.clock import now, uuid7
from app.core.values.problems import Conflict
from app.practitioners.models import Practitioner
from app.practitioners.service import end_departed
from tests.ground import ENROLMENT, Api, Clinic, later
from tests.records.bodies import faults
from tests.tokens.back_end import BackEnd

PATH = "/v1/practitioners"
DAY = "2026-11-20"
REASON = "practitioner inactive"


class Dana:
    """A practitioner with a device, a sign-in, keys that these made, and open emergency access."""

    def __init__(self, api: Api, clinic: Clinic, **practitioner: Any) -> None:
        self.api, self.clinic = api, clinic
        self.record = api.practitioner(**practitioner)
        self.id = self.record["id"]
        self.device = self.new_device()
        self.tokens = self.enrol(self.device).json()
        self.own = Api(api.wire, self.tokens["access_token"])
        self.identity = self.new_identity()
        self.key = self.own.create("/v1/clients", name="Script", scopes=["patients:read"])
        self.program = Api(api.wire, self.key["api_key"])
        maker = Api(api.wire, self.own.create(**self.key_maker())["api_key"])
        self.back_end = BackEnd(maker)
        self.emr = Api(api.wire, self.back_end.token()["access_token"])
        reason = {"reason": "Collapsed after needling, her own practitioner is away."}
        self.emergency = self.own.create("/v1/emergency-access", **reason)

    @staticmethod
    def key_maker() -> dict[str, Any]:
        scopes = ["clients:write", "patients:read", "patients:write"]
        return {"path": "/v1/clients", "name": "Maker", "scopes": scopes}

    def new_device(self) -> dict[str, Any]:
        body = {"name": "Tablet", "practitioner_id": self.id, "scopes": sorted(Scope)}
        return self.api.create("/v1/devices", **body)

    def enrol(self, device: dict[str, Any]) -> Any:
        form = {"grant_type": ENROLMENT, "code": device["enrolment_code"]}
        return self.api.wire.post("/oauth/token", data=form)

    def refresh(self) -> int:
        form = {"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"]}
        return self.api.wire.post("/oauth/token", data=form).status_code

    def new_identity(self) -> UUID:
        op, id = self.clinic.operation("identities.create"), uuid7()
        made = (id, "Dana", UUID(self.id), [Scope.PATIENTS_READ])
        perform(self.clinic.database, op, lambda: clients.add_identity(op, *made))
        return id

    def signed_in(self) -> Caller | Refused | None:
        with self.clinic.database.reading() as db:
            return caller_by_identity(db, self.identity)

    def change(self, **change: Any) -> dict[str, Any]:
        self.record = self.api.get(f"{PATH}/{self.id}").json()
        return self.api.change(self.record, PATH, **change)

    def make_inactive_beneath(self) -> None:
        """Set the stored status, as another process or an earlier version does."""
        with self.clinic.database.writing(self.clinic.id) as db:
            own = (Practitioner.clinic_id == self.clinic.id, Practitioner.id == UUID(self.id))
            db.execute(update(Practitioner).where(*own).values(status="inactive"))

    def statuses(self) -> list[int]:
        every = (self.own, self.program, self.emr)
        return [each.get("/v1/patients").status_code for each in every]

    def entries(self, query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.get(f"/v1/audit/entries?{query}").json()["items"]
        return found


@pytest.fixture(name="clock")
def stopped_clock() -> Iterator[time_machine.Traveller]:
    noon = datetime(2026, 11, 20, 23, 58, tzinfo=UTC)
    with time_machine.travel(noon, tick=False) as clock:
        yield clock


@pytest.fixture(name="dana")
def new_dana(clock: time_machine.Traveller, api: Api, clinic: Clinic) -> Dana:
    del clock
    return Dana(api, clinic)


def test_everything_that_acts_for_them_ends_at_once_and_the_answer_says_what(dana: Dana) -> None:
    spare = dana.new_device()
    assert dana.statuses() == [200, 200, 200]
    assert isinstance(dana.signed_in(), Caller)
    ended = dana.change(status="inactive")["ended"]
    assert dana.statuses() == [401, 401, 401]
    assert isinstance(dana.signed_in(), Refused)
    assert dana.refresh() == 400
    assert dana.enrol(spare).status_code == 400
    [maker] = [e for e in dana.api.get("/v1/clients").json()["items"] if e["name"] == "Maker"]
    assert ended.pop("notice") is None
    assert {name: set(ids) for name, ids in ended.items()} == {
        "devices": {dana.device["id"], spare["id"]},
        "identities": {str(dana.identity)},
        "accounts": set(),
        "clients": {dana.key["id"], maker["id"], dana.back_end.id},
        "emergencies": {dana.emergency["id"]},
    }
    for path in (
        *(f"/v1/devices/{id}" for id in ended["devices"]),
        *(f"/v1/clients/{id}" for id in ended["clients"]),
    ):
        assert dana.api.get(path).json()["revoked_at"] is not None
    [emergency] = dana.api.get("/v1/emergency-access").json()["items"]
    assert emergency["ended_at"] is not None


def test_each_part_that_ends_has_its_ledger_entry(dana: Dana) -> None:
    before = len(dana.api.get("/v1/changes?limit=200").json()["items"])
    dana.change(inactive_from=DAY)
    changes = dana.api.get("/v1/changes?limit=200").json()["items"][before:]
    assert sorted(change["operation"] for change in changes) == [
        "clients.revoke",
        "clients.revoke",
        "clients.revoke",
        "devices.revoke",
        "identities.revoke",
        "practitioners.update",
    ]
    [update] = [change for change in changes if change["resource"] == "practitioners"]
    assert update["body"] == dana.api.get(f"{PATH}/{dana.id}").json()
    assert "ended" not in update["body"]
    [end] = dana.entries("kind=security&operation=emergencies.end")
    assert (end["resource_id"], end["reason"]) == (dana.emergency["id"], REASON)


def test_a_cached_token_of_theirs_is_refused_within_five_seconds(
    dana: Dana, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dana.statuses() == [200, 200, 200]
    dana.make_inactive_beneath()
    later(monkeypatch, CACHED_S)
    assert dana.statuses() == [401, 401, 401]
    assert CACHED_S <= 5


def test_what_acts_for_others_goes_on(dana: Dana, api: Api) -> None:
    other = api.practitioners()
    ended = dana.change(status="inactive")["ended"]
    assert other.get("/v1/patients").status_code == 200
    assert dana.api.get("/v1/patients").status_code == 200
    assert len(ended["devices"]) == 1


def test_nothing_that_ended_comes_back_with_them(dana: Dana) -> None:
    dana.change(status="inactive")
    assert dana.change(status="active")["ended"] is None
    assert dana.statuses() == [401, 401, 401]
    assert isinstance(dana.signed_in(), Refused)
    assert dana.refresh() == 400
    assert dana.enrol(dana.new_device()).status_code == 200


def test_a_change_that_ends_nothing_says_null(dana: Dana) -> None:
    assert dana.record["ended"] is None
    assert dana.change(given_name="Eve")["ended"] is None
    assert dana.change(inactive_from="2026-11-21")["ended"] is None
    assert "ended" not in dana.api.get(f"{PATH}/{dana.id}").json()
    [listed] = dana.api.get(PATH).json()["items"]
    assert "ended" not in listed


def test_a_replacement_ends_them_too_and_a_repeated_one_gets_the_same_answer(dana: Dana) -> None:
    whole = {"given_name": "Dana", "family_name": "Demo", "status": "inactive"}
    path, held = f"{PATH}/{dana.id}", {"If-Match": '"1"', "Idempotency-Key": "leaves"}
    first = dana.api("PUT", path, json=whole, headers=held)
    assert len(first.json()["ended"]["devices"]) == 1
    again = dana.api("PUT", path, json=whole, headers=held)
    assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")


def test_no_device_or_identity_is_made_for_an_inactive_practitioner(dana: Dana) -> None:
    dana.change(status="inactive")
    body = {"name": "Tablet", "practitioner_id": dana.id, "scopes": ["patients:read"]}
    answer = dana.api.post("/v1/devices", body)
    assert faults(answer) == {"/practitioner_id": "practitioner_inactive"}
    with pytest.raises(Conflict) as refused:
        dana.new_identity()
    assert refused.value.detail == "This practitioner is inactive."


def test_on_their_day_everything_is_refused_before_the_stored_status_follows(
    clock: time_machine.Traveller, api: Api, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    dana = Dana(api, clinic, inactive_from="2026-11-21")
    spare = dana.new_device()
    assert dana.statuses() == [200, 200, 200]
    clock.shift(timedelta(minutes=2))
    later(monkeypatch, CACHED_S)
    assert dana.statuses() == [401, 401, 401]
    assert isinstance(dana.signed_in(), Refused)
    assert dana.refresh() == 400
    assert dana.enrol(spare).status_code == 400
    tried = dana.entries(f"kind=security&resource_id={spare['id']}")
    assert "inactive practitioner" in [entry["reason"] for entry in tried]


def test_on_their_day_the_server_ends_everything_by_itself(
    clock: time_machine.Traveller, api: Api, clinic: Clinic
) -> None:
    dana = Dana(api, clinic, inactive_from="2026-11-21")
    clock.shift(timedelta(minutes=2))
    end_departed(clinic.database)
    revoked = dana.api.get(f"/v1/devices/{dana.device['id']}").json()
    assert revoked["revoked_at"] == "2026-11-21T00:00:00Z"
    changes = dana.api.get("/v1/changes?limit=200").json()["items"]
    done = [change["operation"] for change in changes if change["actor"] == "server:keeper"]
    assert sorted(done) == [
        "clients.revoke",
        "clients.revoke",
        "clients.revoke",
        "devices.revoke",
        "identities.revoke",
        "practitioners.deactivate",
    ]


def test_what_an_inactive_practitioner_has_left_from_before_an_upgrade_ends_too(
    dana: Dana,
) -> None:
    dana.make_inactive_beneath()
    end_departed(dana.clinic.database)
    assert dana.api.get(f"/v1/devices/{dana.device['id']}").json()["revoked_at"] is not None
    found = dana.api.get(f"{PATH}/{dana.id}").json()
    assert (found["status"], found["inactive_from"], found["version"]) == ("inactive", None, 1)


def test_nothing_made_at_the_same_moment_outlives_them(api: Api) -> None:
    patient_id = api.patient()["id"]
    for _ in range(5):
        practitioner = api.practitioner()
        id = practitioner["id"]
        device = {"name": "Tablet", "practitioner_id": id, "scopes": ["patients:read"]}
        session = {
            "patient_id": patient_id,
            "practitioner_id": id,
            "occurred_at": now().isoformat(),
        }
        calls: list[Callable[[], object]] = [
            partial(api.post, "/v1/devices", device),
            partial(api.post, "/v1/sessions", session),
            partial(api.change, practitioner, PATH, status="inactive"),
            partial(api.post, "/v1/devices", device),
            partial(api.post, "/v1/sessions", session),
        ]
        with ThreadPoolExecutor(len(calls)) as threads:
            for call in [threads.submit(call) for call in calls]:
                call.result()
        done = [
            change["operation"]
            for change in api.get("/v1/changes?limit=200").json()["items"]
            if id in {change["resource_id"], (change["body"] or {}).get("practitioner_id")}
        ]
        after = done[done.index("practitioners.update") :]
        assert set(after) <= {"practitioners.update", "devices.revoke"}
    every = api.get("/v1/devices?limit=200").json()["items"]
    assert [device for device in every if device["revoked_at"] is None] == []
