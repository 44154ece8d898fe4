"""A tablet is enrolled once, keeps its access while it refreshes, and loses it on misuse."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from httpx2 import Response

from app.core.db.database import Database
from app.core.values.access import Scope
from app.core.values.clock import now
from tests.ground import ENROLMENT, Api, Clinic

HELD = ["patients:read", "patients:write"]


class Tablet:
    """A device of a new practitioner, not enrolled yet."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.practitioner_id = api.practitioner()["id"]
        body = {"name": "Room 2", "practitioner_id": self.practitioner_id, "scopes": HELD}
        self.made = api.create("/v1/devices", **body)
        self.path = f"/v1/devices/{self.made['id']}"

    def ask(self, grant_type: str, **form: str) -> Response:
        return self.api.wire.post("/oauth/token", data={"grant_type": grant_type, **form})

    def enrol(self) -> Response:
        return self.ask(ENROLMENT, code=self.made["enrolment_code"])

    def refresh(self, token: str) -> Response:
        return self.ask("refresh_token", refresh_token=token)

    def let_in(self) -> dict[str, Any]:
        answer = self.enrol()
        assert answer.status_code == 200, answer.text
        given: dict[str, Any] = answer.json()
        return given

    def is_revoked(self) -> bool:
        return self.api.get(self.path).json()["revoked_at"] is not None

    def tried(self) -> list[str]:
        """The reasons for refusals, from the ledger."""
        path = f"/v1/audit/entries?kind=security&resource=clients&resource_id={self.made['id']}"
        return [entry["reason"] for entry in self.api.get(path).json()["items"]]


@pytest.fixture(name="tablet")
def new_tablet(api: Api) -> Tablet:
    return Tablet(api)


@pytest.fixture(name="clock")
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=False) as clock:
        yield clock


def refused(answer: Response) -> bool:
    assert answer.headers["cache-control"] == "no-store"
    return (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_device_acts_in_its_practitioners_name(tablet: Tablet) -> None:
    given = tablet.let_in()
    assert (given["token_type"], given["expires_in"]) == ("bearer", 300)
    own = Api(tablet.api.wire, given["access_token"])
    own.patient(given_name="A")
    change = tablet.api.get("/v1/changes?limit=200").json()["items"][-1]
    assert change["actor"] == f"practitioner:{tablet.practitioner_id}"
    [entry] = tablet.api.get("/v1/audit/entries?operation=patients.create").json()["items"]
    assert entry["client"] == tablet.made["id"]
    assert own.get("/v1/sessions").status_code == 403


def test_a_code_works_once(tablet: Tablet) -> None:
    tablet.let_in()
    assert tablet.api.get(tablet.path).json()["enrolled_at"] is not None
    assert refused(tablet.enrol())
    assert tablet.tried() == ["code used before"]
    assert not tablet.is_revoked()


def test_a_code_used_many_times_at_once_works_once(tablet: Tablet) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: tablet.enrol().status_code, range(6)))
    assert sorted(answers) == [200, *[400] * 5]


def test_a_code_is_valid_for_ten_minutes(tablet: Tablet, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(minutes=10, seconds=1))
    assert refused(tablet.enrol())
    assert tablet.tried() == ["code expired"]


def test_codes_and_refresh_tokens_work_for_nothing_else(tablet: Tablet) -> None:
    code, given = tablet.made["enrolment_code"], tablet.let_in()
    for token in (code, given["refresh_token"], given["access_token"].replace("nwa", "nw")):
        assert Api(tablet.api.wire, token).get("/v1/patients").status_code == 401
    assert refused(tablet.refresh(code))
    assert refused(tablet.ask(ENROLMENT, code=given["refresh_token"]))


def test_a_refresh_token_is_exchanged_for_another(tablet: Tablet) -> None:
    first = tablet.let_in()
    second = tablet.refresh(first["refresh_token"]).json()
    third = tablet.refresh(second["refresh_token"]).json()
    assert len({each["refresh_token"] for each in (first, second, third)}) == 3
    assert Api(tablet.api.wire, third["access_token"]).get("/v1/patients").status_code == 200


def test_a_refresh_can_be_repeated_within_ten_seconds(
    tablet: Tablet, clock: time_machine.Traveller
) -> None:
    first = tablet.let_in()["refresh_token"]
    tablet.refresh(first)  # and the answer is lost
    clock.shift(9)
    again = tablet.refresh(first).json()["refresh_token"]
    clock.shift(300)
    assert tablet.refresh(again).status_code == 200
    assert not tablet.is_revoked()


def test_later_reuse_of_a_refresh_token_revokes_the_device(
    tablet: Tablet, clock: time_machine.Traveller
) -> None:
    first = tablet.let_in()["refresh_token"]
    second = tablet.refresh(first).json()
    clock.shift(11)
    assert refused(tablet.refresh(first))
    assert tablet.is_revoked()
    assert refused(tablet.refresh(second["refresh_token"]))
    assert Api(tablet.api.wire, second["access_token"]).get("/v1/patients").status_code == 401
    assert tablet.tried()[0] == "refresh token used again"
    changes = tablet.api.get("/v1/changes?limit=200").json()["items"]
    assert [c["operation"] for c in changes if c["resource"] == "devices"] == [
        "devices.create",
        "devices.enrol",
        "devices.revoke",
    ]


def test_reuse_after_the_next_token_was_used_revokes_the_device_at_once(tablet: Tablet) -> None:
    first = tablet.let_in()["refresh_token"]
    second = tablet.refresh(first).json()["refresh_token"]
    assert tablet.refresh(second).status_code == 200
    assert refused(tablet.refresh(first))
    assert tablet.is_revoked()


def test_a_thief_within_the_ten_seconds_is_detected_at_the_devices_next_refresh(
    tablet: Tablet, clock: time_machine.Traveller
) -> None:
    first = tablet.let_in()["refresh_token"]
    devices_own = tablet.refresh(first).json()["refresh_token"]
    stolen = tablet.refresh(first).json()["refresh_token"]
    clock.shift(300)
    assert refused(tablet.refresh(devices_own))
    assert tablet.is_revoked()
    assert refused(tablet.refresh(stolen))


def test_a_refresh_token_is_valid_for_thirty_days(
    tablet: Tablet, clock: time_machine.Traveller
) -> None:
    token = tablet.let_in()["refresh_token"]
    clock.shift(timedelta(days=29))
    token = tablet.refresh(token).json()["refresh_token"]
    clock.shift(timedelta(days=30))
    assert refused(tablet.refresh(token))
    assert not tablet.is_revoked()


def test_a_revoked_device_is_refused(tablet: Tablet) -> None:
    given = tablet.let_in()
    first = tablet.api.post(f"{tablet.path}/revoke").json()
    assert tablet.api.post(f"{tablet.path}/revoke").json() == first
    assert refused(tablet.refresh(given["refresh_token"]))
    assert Api(tablet.api.wire, given["access_token"]).get("/v1/patients").status_code == 401
    unused = Tablet(tablet.api)
    tablet.api.post(f"{unused.path}/revoke")
    assert refused(unused.enrol())


def test_callers_can_not_create_a_device_with_more_scopes_than_they_hold(
    api: Api, clinic: Clinic
) -> None:
    desk = Api(api.wire, clinic.key([Scope.DEVICES_WRITE, Scope.PATIENTS_READ]))
    body = {"name": "x", "practitioner_id": api.practitioner()["id"], "scopes": HELD}
    answer = desk.post("/v1/devices", body)
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/scopes/1"]


def test_a_device_can_not_authenticate_as_another_kind_of_client(tablet: Tablet) -> None:
    assert tablet.api.get(f"/v1/clients/{tablet.made['id']}").status_code == 404
    assert tablet.made["id"] not in tablet.api.get("/v1/clients?limit=200").text


@pytest.mark.parametrize("spoilt", ["", "x", "nwe_", "nwr_{id}_", "nwe_{id}_x", "nwr_{id}_x\x00"])
def test_a_made_up_code_or_token_is_refused(tablet: Tablet, spoilt: str) -> None:
    word = spoilt.format(id=tablet.made["id"].replace("-", ""))
    assert refused(tablet.refresh(word))
    assert refused(tablet.ask(ENROLMENT, code=word))
    assert tablet.let_in()


def test_codes_and_tokens_are_not_stored_or_shown_again(tablet: Tablet, database: Database) -> None:
    given = tablet.let_in()
    seen = tablet.api.get("/v1/changes?limit=200").text + tablet.api.get(tablet.path).text
    with database.owning() as db:
        for table in ("devices", "refresh_tokens", "access_tokens", "ledger_entries"):
            seen += str(db.exec_driver_sql(f"SELECT * FROM {table}").all())  # noqa: S608 - our own tables
    secrets = (tablet.made["enrolment_code"], given["access_token"], given["refresh_token"])
    assert [s for s in secrets if s.split("_", 2)[2] in seen] == []
