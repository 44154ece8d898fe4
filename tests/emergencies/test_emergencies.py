"""Emergency access lets a practitioner read clinical records for a while; the ledger has it all."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from fastapi import FastAPI
from httpx2 import Response
from pydantic_core import from_json

from app.auth.queries import CACHED_S
from app.core.values.access import CLINICAL_READS, READS, Scope
from app.core.values.clock import now
from tests.ground import Api, Clinic, later
from tests.ledger.attacker import history
from tests.sweeps.document import NEED_NO_SCOPE, operations
from tests.sweeps.world import World
from tests.tokens.back_end import BackEnd

# Emergency access is decided by rules that know no database.
pytestmark = pytest.mark.alike

PATH = "/v1/emergency-access"
REASON = "Collapsed after needling, her own practitioner is away."


class Person:
    """A practitioner's device with `emergency:write` and almost no other scope."""

    def __init__(self, api: Api, *more: Scope) -> None:
        self.api = api
        self.tokens = api.tablet([Scope.EMERGENCY_WRITE, Scope.MUSCLES_READ, *more])
        self.patient_id = api.patient(given_name="A")["id"]

    @property
    def own(self) -> Api:
        return Api(self.api.wire, self.tokens["access_token"])

    @property
    def client_id(self) -> UUID:
        return UUID(self.tokens["access_token"].split("_")[1])

    def begin(self, **more: Any) -> Response:
        return self.own.post(PATH, {"reason": REASON, **more})

    def let_in(self, **more: Any) -> dict[str, Any]:
        answer = self.begin(**more)
        assert answer.status_code == 201, answer.text
        begun: dict[str, Any] = answer.json()
        return begun

    def reads(self) -> bool:
        status = self.own.get(f"/v1/patients/{self.patient_id}").status_code
        assert status in {200, 403}
        return status == 200

    def entries(self, query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.get(f"/v1/audit/entries?{query}").json()["items"]
        return found


@pytest.fixture(name="dana")
def new_person(api: Api) -> Person:
    return Person(api)


@pytest.fixture(name="clock")
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=False) as clock:
        yield clock


def test_emergency_access_takes_effect_at_once(dana: Person) -> None:
    assert not dana.reads()
    begun = dana.let_in(minutes=5)
    assert dana.reads()
    assert begun["reason"] == REASON
    assert begun["client_id"] == str(dana.client_id)
    assert begun["ended_at"] is None
    opened, ends = (datetime.fromisoformat(begun[name]) for name in ("opened_at", "ends_at"))
    assert ends - opened == timedelta(minutes=5)


def test_emergency_access_allows_only_reads_of_clinical_records(dana: Person) -> None:
    dana.let_in()
    world = World(dana.api)
    wrong = {}
    held = {Scope.EMERGENCY_WRITE, Scope.MUSCLES_READ} | CLINICAL_READS
    for operation in operations():
        if operation.name in NEED_NO_SCOPE:
            continue
        [scope] = operation.scopes
        refused = world.request(operation).by(dana.own).status_code == 403
        if refused != (Scope(scope) not in held):
            wrong[operation.name] = refused
    assert wrong == {}
    assert {str(scope) for scope in READS - CLINICAL_READS} == {
        *("accounts:read", "audit:read", "changes:read"),
        *("clients:read", "devices:read", "exports:read"),
    }


def test_the_scopes_of_emergency_access_can_not_be_passed_on(api: Api) -> None:
    dana = Person(api, Scope.DEVICES_WRITE)
    dana.let_in()
    body = {"name": "x", "practitioner_id": api.practitioner()["id"], "scopes": ["patients:read"]}
    answer = dana.own.post("/v1/devices", body)
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        ("/scopes/0", "not_held")
    ]


def test_emergency_access_ends_after_its_minutes(
    dana: Person, clock: time_machine.Traveller
) -> None:
    begun = dana.let_in(minutes=2)
    clock.shift(119)
    app: Any = dana.api.wire.app  # type: ignore[attr-defined]
    app.state.authenticate.forget(dana.client_id)
    assert dana.reads()
    clock.shift(2)
    app.state.authenticate.forget(dana.client_id)
    assert not dana.reads()
    assert dana.own.post(f"{PATH}/{begun['id']}/end").json() == begun
    assert dana.begin().status_code == 201


def test_a_new_token_of_the_same_device_has_the_emergency_access(dana: Person) -> None:
    dana.let_in()
    form = {"grant_type": "refresh_token", "refresh_token": dana.tokens["refresh_token"]}
    dana.tokens = dana.api.wire.post("/oauth/token", data=form).json()
    assert dana.reads()


def test_emergency_access_can_be_ended_early_and_ending_it_twice_is_fine(dana: Person) -> None:
    begun = dana.let_in()
    ended = dana.own.post(f"{PATH}/{begun['id']}/end").json()
    assert not dana.reads()
    assert ended == begun | {"ended_at": ended["ended_at"]}
    assert dana.own.post(f"{PATH}/{begun['id']}/end").json() == ended
    assert len(dana.entries("operation=emergencies.end")) == 1


def test_emergency_access_ends_with_its_client_within_five_seconds(
    dana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    dana.let_in()
    dana.api.post(f"/v1/devices/{dana.client_id}/revoke")
    later(monkeypatch, CACHED_S)
    assert dana.own.get("/v1/patients").status_code == 401


def test_a_client_has_one_emergency_access_at_a_time(dana: Person) -> None:
    begun = dana.let_in()
    again = dana.begin(minutes=60)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/emergency-open")
    assert again.json()["resource_id"] == begun["id"]
    assert len(dana.api.get(PATH).json()["items"]) == 1
    dana.own.post(f"{PATH}/{begun['id']}/end")
    assert dana.begin().status_code == 201


def test_many_simultaneous_requests_open_one_emergency_access(dana: Person) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: dana.begin().status_code, range(6)))
    assert sorted(answers) == [201, *[409] * 5]


def test_one_practitioners_emergency_access_does_not_help_another(dana: Person) -> None:
    dana.let_in()
    assert not Person(dana.api).reads()


def test_a_program_gets_no_emergency_access_whatever_its_scopes(api: Api) -> None:
    scopes = ["emergency:write"]
    emr = BackEnd(api, scopes=scopes)
    desk = api.create("/v1/clients", name="Desk", scopes=scopes)
    for token in (emr.token()["access_token"], desk["api_key"]):
        answer = Api(api.wire, token).post(PATH, {"reason": REASON})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    assert emr.tried() == ["no practitioner"]


def test_a_practitioner_without_the_scope_gets_no_emergency_access(api: Api) -> None:
    own = api.practitioners([Scope.PATIENTS_READ])
    assert own.post(PATH, {"reason": REASON}).status_code == 403


def test_the_ledger_has_the_beginning_with_its_reason_and_the_end(
    dana: Person, clinic: Clinic
) -> None:
    begun = dana.let_in()
    dana.api.post(f"{PATH}/{begun['id']}/end")
    told = dana.entries("kind=security&resource=emergencies")
    assert [(e["operation"], e["resource_id"], e["reason"]) for e in told] == [
        ("emergencies.create", begun["id"], REASON),
        ("emergencies.end", begun["id"], None),
    ]
    assert told[0]["actor"] == f"practitioner:{begun['practitioner_id']}"
    assert told[1]["actor"].startswith("client:")
    assert "emergencies" not in dana.api.get("/v1/changes?limit=200").text
    [kept] = [e for e in history(clinic) if e["operation"] == "emergencies.create"]
    assert begun.items() <= from_json(kept["body"]).items()


def test_disclosures_mark_every_read_under_emergency_access(dana: Person) -> None:
    begun = dana.let_in()
    assert dana.reads()
    dana.own.get("/v1/patients")
    dana.own.post(f"{PATH}/{begun['id']}/end")
    dana.api.get(f"/v1/patients/{dana.patient_id}")
    looks = dana.api.get(f"/v1/patients/{dana.patient_id}/disclosures").json()["items"]
    assert [(look["operation"], look["reason"]) for look in looks] == [
        ("patients.read", None),
        ("patients.list", f"emergency {begun['id']}"),
        ("patients.read", f"emergency {begun['id']}"),
    ]
    under = dana.entries(f"kind=access&patient_id={dana.patient_id}&operation=patients.list")
    assert [entry["reason"] for entry in under] == [f"emergency {begun['id']}"]


def test_a_repeated_request_is_done_once(dana: Person) -> None:
    key = {"Idempotency-Key": "k"}
    first, again = (dana.own.post(PATH, {"reason": REASON}, headers=key) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert dana.own.post(PATH, {"reason": REASON + "!"}, headers=key).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": "too short"},
        {"reason": " " * 20},
        {"reason": " " * 9 + "short"},
        {"reason": "one line\aand a bell"},
        {"reason": "x" * 501},
        {"reason": REASON, "minutes": 0},
        {"reason": REASON, "minutes": 61},
        {"reason": REASON, "minutes": 1.5},
        {"reason": REASON, "client_id": "0190aaaa-aaaa-7000-8000-00000000000a"},
    ],
)
def test_a_missing_reason_and_more_than_an_hour_are_refused(
    dana: Person, body: dict[str, Any]
) -> None:
    assert dana.own.post(PATH, body).status_code == 422
    assert not dana.reads()


def test_an_auditor_sees_every_emergency_access_with_its_reason(
    dana: Person, clinic: Clinic
) -> None:
    begun = dana.let_in()
    auditor = Api(dana.api.wire, clinic.key([Scope.AUDIT_READ]))
    assert auditor.get(PATH).json()["items"] == [begun]
    assert auditor.get(f"{PATH}/{begun['id']}").json() == begun
    assert dana.own.get(PATH).status_code == 403


def test_a_caller_that_was_read_before_a_change_is_not_cached(dana: Person, app: FastAPI) -> None:
    """A caller that was read while its rights changed must not be cached: it may be stale."""
    authenticate, check = app.state.authenticate, app.state.authenticate._checked  # noqa: SLF001 - the cache is not visible otherwise

    async def overtaken(token: str) -> Any:
        found = await check(token)
        authenticate.forget(dana.client_id)
        return found

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(authenticate, "_checked", overtaken)
        assert not dana.reads()
    assert dana.tokens["access_token"] not in authenticate._known  # noqa: SLF001 - the cache is not visible otherwise


@pytest.mark.usefixtures("clock")
def test_emergency_access_lasts_an_hour_by_default(dana: Person) -> None:
    ends = datetime.fromisoformat(dana.let_in()["ends_at"])
    assert ends == now() + timedelta(hours=1)
