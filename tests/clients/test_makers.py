"""A client ends with the client that made it, can do no more, and can be revoked together."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from httpx2 import Response
from pydantic_core import from_json
from sqlalchemy import event, text

from app.auth.queries import CACHED_S, MAKERS_MAX
from app.core.values.access import Scope
from app.core.values.clock import now
from tests.ground import ENROLMENT, Api, Clinic, later
from tests.ledger.attacker import history
from tests.tokens.back_end import BackEnd

SCOPES = ["clients:write", "clients:read", "devices:write", "patients:read"]


@pytest.fixture(name="clock")
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=False) as clock:
        yield clock


def make(api: Api, **body: Any) -> tuple[str, Api]:
    """A client that this one makes: its id, and the client."""
    made = api.create("/v1/clients", **{"name": "Made", "scopes": SCOPES, **body})
    return made["id"], Api(api.wire, made["api_key"])


def line(api: Api, length: int = 3) -> list[tuple[str, Api]]:
    """Clients of which each made the next."""
    made = [make(api)]
    while len(made) < length:
        made.append(make(made[-1][1]))
    return made


def tablet_of(maker: Api, api: Api) -> dict[str, Any]:
    """The tokens of a device that this client made."""
    body = {"name": "Tablet", "practitioner_id": api.practitioner()["id"]}
    made = maker.create("/v1/devices", **body, scopes=["patients:read"])
    form = {"grant_type": ENROLMENT, "code": made["enrolment_code"]}
    given: dict[str, Any] = api.wire.post("/oauth/token", data=form).json()
    return given


def revoke(api: Api, id_: str, query: str = "") -> Any:
    answer = api.post(f"/v1/clients/{id_}/revoke{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def status(api: Api) -> int:
    return api.get("/v1/patients").status_code


def own_id(api: Api) -> str:
    return str(UUID(api.key.split("_")[1]))


def entries(api: Api, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/v1/audit/entries?{query}").json()["items"]
    return found


def change(clinic: Clinic, id_: str, **values: Any) -> None:
    """Change a stored client, as nobody may."""
    named = ", ".join(f"{name} = :{name}" for name in values)
    stored = f"UPDATE clients SET {named} WHERE id = :id"  # noqa: S608 - the test's own names
    id_ = UUID(id_).hex if clinic.database.is_sqlite else id_
    with clinic.database.writing(clinic.id) as db:
        db.execute(text(stored), {"id": id_, **values})


def test_a_client_names_the_client_that_made_it(api: Api) -> None:
    assert api.get(f"/v1/clients/{own_id(api)}").json()["made_by"] is None
    made = api.create("/v1/clients", name="Desk", scopes=SCOPES)
    assert made["made_by"] == own_id(api)
    body = {"name": "Tablet", "practitioner_id": api.practitioner()["id"], "scopes": SCOPES}
    device = api.create("/v1/devices", **body)
    assert device["made_by"] == own_id(api)
    assert api.get(f"/v1/devices/{device['id']}").json()["made_by"] == own_id(api)


def test_the_credential_entry_names_the_maker_and_the_change_entry_does_not(
    api: Api, clinic: Clinic
) -> None:
    made = api.create("/v1/clients", name="Desk", scopes=SCOPES)
    bodies = {
        entry["resource"]: from_json(entry["body"])
        for entry in history(clinic)
        if str(entry["resource_id"]) == made["id"]
    }
    assert bodies["credentials"]["made_by"] == own_id(api)
    shown = api.get(f"/v1/clients/{made['id']}").json()
    assert bodies["clients"].items() <= shown.items()
    assert shown.keys() - bodies["clients"].keys() == {"made_by", "earlier_key_until"}


def test_revoking_a_client_ends_everything_below_it_within_five_seconds(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = line(api)
    tablet = Api(api.wire, tablet_of(made[-1][1], api)["access_token"])
    assert [status(each) for each in (*(each for _, each in made), tablet)] == [200] * 4
    revoke(api, made[0][0])
    later(monkeypatch, CACHED_S)
    assert [status(each) for each in (*(each for _, each in made), tablet)] == [401] * 4
    assert CACHED_S <= 5


def test_this_server_drops_the_cached_callers_of_descendants_at_once(api: Api) -> None:
    made = line(api)
    assert [status(each) for _, each in made] == [200] * 3
    revoke(api, made[0][0])
    assert [status(each) for _, each in made] == [401] * 3


def test_the_refusal_of_a_descendant_is_recorded(api: Api) -> None:
    made = line(api)
    revoke(api, made[0][0])
    status(made[2][1])
    reasons = [e["reason"] for e in entries(api, f"kind=security&resource_id={made[2][0]}")]
    assert reasons == [None, "revoked maker"]


def test_revoking_lists_the_descendants_and_leaves_their_own_state(api: Api) -> None:
    made = line(api)
    told = revoke(api, made[0][0])["descendants"]
    expected = [
        {"id": id_, "kind": "api_key", "name": "Made", "revoked_at": None} for id_, _ in made[1:]
    ]
    assert told == expected
    assert api.get(f"/v1/clients/{made[1][0]}").json()["revoked_at"] is None
    assert "descendants" not in api.get(f"/v1/clients/{made[0][0]}").json()


def test_descendants_can_be_revoked_with_their_maker_each_with_its_own_entry(api: Api) -> None:
    made = line(api)
    body = {"name": "Tablet", "practitioner_id": api.practitioner()["id"]}
    device = made[1][1].create("/v1/devices", **body, scopes=["patients:read"])
    told = revoke(api, made[0][0], "?descendants=true")
    at = told["revoked_at"]
    assert [(d["id"], d["kind"], d["revoked_at"]) for d in told["descendants"]] == [
        (made[1][0], "api_key", at),
        (made[2][0], "api_key", at),
        (device["id"], "device", at),
    ]
    assert api.get(f"/v1/devices/{device['id']}").json()["revoked_at"] == at
    revocations = [e for e in entries(api, "limit=200") if e["operation"].endswith(".revoke")]
    assert [(e["resource"], e["resource_id"], e["reason"]) for e in revocations] == [
        ("clients", made[0][0], None),
        ("clients", made[1][0], f"made by {made[0][0]}"),
        ("clients", made[2][0], f"made by {made[0][0]}"),
        ("devices", device["id"], f"made by {made[0][0]}"),
    ]
    assert revoke(api, made[0][0], "?descendants=true") == told


def test_a_revoked_client_can_be_revoked_again_to_take_its_descendants_along(api: Api) -> None:
    made = line(api)
    first = revoke(api, made[0][0])
    again = revoke(api, made[0][0], "?descendants=true")
    assert again["revoked_at"] == first["revoked_at"]
    assert all(each["revoked_at"] for each in again["descendants"])


def test_revoking_a_device_ends_and_lists_what_it_made(api: Api) -> None:
    tablet = api.tablet(map(Scope, SCOPES))
    device = str(UUID(tablet["access_token"].split("_")[1]))
    id_, made = make(Api(api.wire, tablet["access_token"]), scopes=["patients:read"])
    assert status(made) == 200
    told = api.post(f"/v1/devices/{device}/revoke").json()
    assert [each["id"] for each in told["descendants"]] == [id_]
    assert status(made) == 401
    told = api.post(f"/v1/devices/{device}/revoke?descendants=true").json()
    assert told["descendants"][0]["revoked_at"] is not None


def test_a_client_holds_only_the_scopes_that_every_maker_still_holds(
    api: Api, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = line(api)
    change(clinic, made[0][0], scopes='["clients:write"]')
    later(monkeypatch, CACHED_S)
    assert status(made[2][1]) == 403
    body = {"name": "x", "scopes": ["clients:write"]}
    assert made[2][1].post("/v1/clients", body).status_code == 201


def test_a_maker_that_expires_ends_what_it_made(api: Api, clock: time_machine.Traveller) -> None:
    ends = now() + timedelta(hours=1)
    _, maker = make(api, expires_at=ends.isoformat())
    tablet = tablet_of(maker, api)
    clock.shift(3601)
    form = {"grant_type": "refresh_token", "refresh_token": tablet["refresh_token"]}
    answer = api.wire.post("/oauth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_device_can_not_be_enrolled_after_its_maker_ends(api: Api) -> None:
    id_, maker = make(api)
    body = {"name": "Tablet", "practitioner_id": api.practitioner()["id"]}
    code = maker.create("/v1/devices", **body, scopes=["patients:read"])["enrolment_code"]
    revoke(api, id_)
    form = {"grant_type": ENROLMENT, "code": code}
    assert api.wire.post("/oauth/token", data=form).status_code == 400


def test_a_back_end_gets_no_token_after_its_maker_ends(api: Api) -> None:
    id_, maker = make(api)
    emr = BackEnd(maker, scopes=["patients:read"])
    assert emr.token()["scope"] == "patients:read"
    revoke(api, id_)
    refused = emr.ask(emr.assertion())
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_a_new_client_expires_with_its_maker_at_the_latest(api: Api) -> None:
    _, maker = make(api, expires_at="2190-01-01T00:00:00Z")
    late = {"name": "x", "scopes": SCOPES, "expires_at": "2190-01-01T00:00:01Z"}
    answer = maker.post("/v1/clients", late)
    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/expires_at", "outlives_maker")
    assert "2190-01-01T00:00:00Z" in fault["detail"]
    as_late = maker.create("/v1/clients", **late | {"expires_at": "2190-01-01T00:00:00Z"})
    without = maker.create("/v1/clients", name="x", scopes=SCOPES)
    assert as_late["expires_at"] == without["expires_at"] == "2190-01-01T00:00:00Z"


def test_a_row_of_clients_that_made_one_another_has_a_limit(api: Api) -> None:
    last = line(api, MAKERS_MAX - 1)[-1][1]
    assert status(last) == 200
    refused = [
        last.post("/v1/clients", {"name": "x", "scopes": SCOPES}),
        last.post("/v1/devices", {"name": "x", "practitioner_id": own_id(api), "scopes": SCOPES}),
    ]
    assert [answer.status_code for answer in refused] == [409, 409]


def test_a_client_whose_maker_is_not_there_is_refused(api: Api, clinic: Clinic) -> None:
    id_, made = make(api)
    strange = own_id(api)[:-4] + "ffff"
    change(clinic, id_, made_by=UUID(strange).hex if clinic.database.is_sqlite else strange)
    assert status(made) == 401


def test_clients_that_made_each_other_end_together(api: Api, clinic: Clinic) -> None:
    (first, one), (second, two) = line(api, 2)
    change(clinic, first, made_by=UUID(second).hex if clinic.database.is_sqlite else second)
    assert [status(one), status(two)] == [200, 200]
    told = revoke(api, second)
    assert [each["id"] for each in told["descendants"]] == [first]
    assert [status(one), status(two)] == [401, 401]


def test_a_key_from_the_command_line_needs_one_query(api: Api, clinic: Clinic) -> None:
    heard: list[str] = []

    key = clinic.key()

    def note(_db: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        # The keeper reads clients, too, but not by this one's id.
        if "FROM clients" in statement and key.split("_")[1] in str(parameters).replace("-", ""):
            heard.append(statement)

    event.listen(clinic.database.engine, "before_cursor_execute", note)
    try:
        api.wire.get("/v1/muscles", headers={"Authorization": f"Bearer {key}"})
    finally:
        event.remove(clinic.database.engine, "before_cursor_execute", note)
    assert len(heard) == 1


def rotate(api: Api, id_: str, **body: Any) -> Response:
    """Rotate a key; without anything to say, without a body."""
    return api.post(f"/v1/clients/{id_}/rotate", body or None)


def test_after_a_rotation_both_keys_work_until_the_overlap_ends(
    api: Api, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_, old = make(api)
    answer = rotate(api, id_).json()
    new = Api(api.wire, answer["api_key"])
    assert answer["earlier_key_until"] == (now() + timedelta(hours=24)).isoformat().replace(
        "+00:00", "Z"
    )
    assert [status(old), status(new)] == [200, 200]
    clock.shift(86_399)
    later(monkeypatch, CACHED_S)
    assert [status(old), status(new)] == [200, 200]
    shown = api.get(f"/v1/clients/{id_}").json()
    assert shown["earlier_key_until"] is not None
    assert "api_key" not in shown
    clock.shift(1)
    later(monkeypatch, 2 * CACHED_S)
    assert [status(old), status(new)] == [401, 200]
    assert api.get(f"/v1/clients/{id_}").json()["earlier_key_until"] is None


def test_without_an_overlap_the_earlier_key_ends_at_once(api: Api) -> None:
    id_, old = make(api)
    answer = rotate(api, id_, overlap_hours=0).json()
    assert answer["earlier_key_until"] is None
    assert [status(old), status(Api(api.wire, answer["api_key"]))] == [401, 200]


def test_rotating_again_drops_the_key_before_the_last(api: Api) -> None:
    id_, first = make(api)
    second, third = (Api(api.wire, rotate(api, id_).json()["api_key"]) for _ in range(2))
    assert [status(each) for each in (first, second, third)] == [401, 200, 200]


def test_revoking_ends_both_keys(api: Api) -> None:
    id_, old = make(api)
    new = Api(api.wire, rotate(api, id_).json()["api_key"])
    revoke(api, id_)
    assert [status(old), status(new)] == [401, 401]


def test_a_rotation_leaves_two_entries_and_no_secret(api: Api, clinic: Clinic) -> None:
    id_, _ = make(api)
    key = rotate(api, id_).json()["api_key"]
    told = entries(api, f"operation=clients.rotate&resource_id={id_}")
    assert [(e["kind"], e["resource"]) for e in told] == [
        ("change", "clients"),
        ("security", "credentials"),
    ]
    with clinic.database.reading(clinic.id) as db:
        sql = "SELECT body FROM ledger_entries WHERE operation = 'clients.rotate'"
        bodies = [str(body) for (body,) in db.execute(text(sql))]
    assert any("earlier_secret_until" in body for body in bodies)
    assert all(key.split("_", 2)[2] not in body for body in bodies)


def test_a_client_rotates_its_own_key_and_those_that_it_made(api: Api) -> None:
    (first, one), (second, two), (third, three) = line(api)
    assert rotate(two, second).status_code == 200
    assert rotate(one, third).status_code == 200
    assert rotate(three, first).status_code == 403
    assert rotate(three, second).status_code == 403


def test_a_client_that_did_not_make_a_key_can_not_rotate_it(api: Api, clinic: Clinic) -> None:
    """Otherwise the new key would still be valid after that client is revoked."""
    id_, _ = make(api)
    stranger = Api(api.wire, clinic.key())
    assert rotate(stranger, id_).status_code == 403
    assert rotate(stranger, own_id(api)).status_code == 403


@pytest.mark.parametrize("hours", [-1, 169, 1.5, "24"])
def test_the_overlap_is_a_week_at_most(api: Api, hours: Any) -> None:
    assert rotate(api, make(api)[0], overlap_hours=hours).status_code == 422


def test_only_a_working_api_key_can_be_rotated(api: Api, clock: time_machine.Traveller) -> None:
    emr = BackEnd(api, scopes=["patients:read"])
    ended, _ = make(api)
    expired, _ = make(api, expires_at=(now() + timedelta(seconds=1)).isoformat())
    revoke(api, ended)
    clock.shift(2)
    for id_ in (str(emr.id), ended, expired):
        answer = rotate(api, id_)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/no-key-to-rotate")


def test_another_clinics_client_can_not_be_rotated(api: Api, other_api: Api) -> None:
    assert rotate(other_api, make(api)[0]).status_code == 404
