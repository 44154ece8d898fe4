"""Ids come from the client or the server, and a repeated create makes no second record."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.core.values.clock import uuid7
from tests.ground import Api
from tests.sweeps.document import operations
from tests.sweeps.world import OTHER, World, stored

RECORDS = {o.path for o in operations() if o.method == "PUT"}
CREATES = [o for o in operations() if o.method == "POST" and f"{o.path}/{{id}}" in RECORDS]


@pytest.mark.parametrize("create", CREATES, ids=lambda o: o.name)
def test_a_create_sent_twice_is_one_record(api: Api, create: Any) -> None:
    world = World(api)
    path, _ = world.address(create)
    body = world.example(create.body_model) | {"id": str(uuid7())}
    first, again = api.post(path, body), api.post(path, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert again.headers["etag"] == '"1"'
    assert first.headers["location"] == f"{path}/{body['id']}"
    assert "location" not in again.headers
    assert api.get(first.headers["location"]).json() == stored(first.json())


@pytest.mark.parametrize("create", CREATES, ids=lambda o: o.name)
def test_a_put_to_a_new_id_creates_the_record(api: Api, create: Any) -> None:
    world = World(api)
    path, _ = world.address(create)
    body, id_ = world.example(create.body_model), str(uuid7())
    first, again = (api("PUT", f"{path}/{id_}", json=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == id_
    assert again.json() == first.json()
    assert api.post(path, body | {"id": id_}).json() == first.json()


@pytest.mark.parametrize("create", CREATES, ids=lambda o: o.name)
def test_the_same_id_with_other_content_is_a_conflict(api: Api, create: Any) -> None:
    world = World(api)
    path, _ = world.address(create)
    body = world.example(create.body_model) | {"id": str(uuid7())}
    made = api.post(path, body).json()
    answer = api.post(path, body | OTHER[create.body_model])
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/id-taken"
    assert api.get(f"{path}/{body['id']}").json() == stored(made)


def test_the_same_content_may_be_written_differently(api: Api) -> None:
    """Member order, whitespace, explicit defaults and the case of an id make no difference."""
    id_ = str(uuid7())
    first = api.post("/v1/patients", {"id": id_, "given_name": "Ana", "birth_date": "1988-04-12"})
    again = api(
        "POST",
        "/v1/patients",
        content=b'{ "birth_date":"1988-04-12", "status":"active", "sex":null, "identifiers":[],'
        b' "given_name":"\\u0041na", "id":"%s" }' % id_.upper().encode(),
        headers={"Content-Type": "application/json"},
    )
    assert (first.status_code, again.status_code) == (201, 200)


def test_a_create_is_recognised_after_the_record_has_changed(api: Api) -> None:
    body = {"id": str(uuid7()), "given_name": "Ana"}
    path = f"/v1/patients/{api.post('/v1/patients', body).json()['id']}"
    for tag, name in (('"1"', "Anna"), ('"2"', "Hannah")):
        assert api("PATCH", path, json={"given_name": name}, headers={"If-Match": tag}).is_success
    answer = api.post("/v1/patients", body)
    assert answer.status_code == 200
    assert answer.json() == api.get(path).json()
    assert (answer.json()["version"], answer.json()["given_name"]) == (3, "Hannah")
    assert api.post("/v1/patients", body | {"given_name": "Hannah"}).status_code == 409


def test_a_create_is_recognised_after_its_session_was_signed_and_voided(api: Api) -> None:
    shared = {"patient_id": api.patient()["id"], "practitioner_id": api.practitioner()["id"]}
    body = {**shared, "id": str(uuid7()), "occurred_at": "2026-11-01T10:00:00Z"}
    body |= {"technique": "gunn_ims"}
    path = f"/v1/sessions/{api.post('/v1/sessions', body).json()['id']}"
    assert api.post(f"{path}/sign", headers={"If-Match": '"1"'}).is_success
    assert api.post(f"{path}/void", {"reason": "r"}, headers={"If-Match": '"2"'}).is_success
    answer = api.post("/v1/sessions", body)
    assert (answer.status_code, answer.json()["status"]) == (200, "void")


def test_a_change_may_name_several_versions_but_not_any_version(api: Api) -> None:
    path = f"/v1/patients/{api.patient()['id']}"
    for version, tags in enumerate(('"1"', '"7", "2"', 'W/"3","4"', '"4" , "9"'), 1):
        changed = api("PATCH", path, json={"given_name": str(version)}, headers={"If-Match": tags})
        assert changed.json()["version"] == version + 1
    for tags, status in (("*", 428), ('"1", "2"', 412), ("", 412), (",", 412)):
        refused = api("PATCH", path, json={"given_name": "x"}, headers={"If-Match": tags})
        assert refused.status_code == status


def test_a_put_with_other_content_needs_the_version_that_it_replaces(api: Api) -> None:
    patient = api.patient(given_name="Ana")
    path = f"/v1/patients/{patient['id']}"
    assert api("PUT", path, json={"given_name": "Bo"}).status_code == 428
    answer = api("PUT", path, json={"given_name": "Bo"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert api("PUT", path, json={}, headers={"If-Match": '"1"'}).status_code == 412


def test_a_put_replaces_the_whole_content(api: Api) -> None:
    patient = api.patient(given_name="Ana", family_name="Demo", language="es")
    path = f"/v1/patients/{patient['id']}"
    answer = api("PUT", path, json={"given_name": "Bo"}, headers={"If-Match": '"1"'}).json()
    assert (answer["given_name"], answer["family_name"], answer["language"]) == ("Bo", None, None)
    assert answer["created_at"] == patient["created_at"]
    assert answer["updated_at"] > patient["updated_at"]


def test_a_put_with_a_version_does_not_create(api: Api) -> None:
    path = f"/v1/patients/{uuid7()}"
    assert api("PUT", path, json={}, headers={"If-Match": '"1"'}).status_code == 404
    assert api.get(path).status_code == 404


def test_the_id_in_the_body_of_a_put_must_equal_that_in_its_address(api: Api) -> None:
    id_ = str(uuid7())
    answer = api("PUT", f"/v1/patients/{id_}", json={"id": str(uuid7())})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/id"]
    assert api("PUT", f"/v1/patients/{id_}", json={"id": id_.upper()}).status_code == 201


NOBODYS = ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff")


@pytest.mark.parametrize("id_", NOBODYS)
@pytest.mark.parametrize("create", CREATES, ids=lambda o: o.name)
def test_an_id_that_nobody_made_is_refused(api: Api, create: Any, id_: str) -> None:
    world = World(api)
    path, _ = world.address(create)
    body = world.example(create.body_model)
    sent = api.post(path, body | {"id": id_}), api("PUT", f"{path}/{id_}", json=body)
    for answer in sent:
        assert answer.status_code == 422
        [fault] = answer.json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("/id", "nobodys_id")
    assert api.get(f"{path}/{id_}").status_code == 404


@pytest.mark.parametrize("id_", NOBODYS)
def test_a_reference_to_an_id_that_nobody_made_names_no_record(api: Api, id_: str) -> None:
    body = {"patient_id": id_, "practitioner_id": api.practitioner()["id"]}
    answer = api.post("/v1/sessions", body | {"occurred_at": "2026-11-01T10:00:00Z"})
    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/patient_id", "unknown_reference")


def test_the_server_makes_version_7_ids_in_order(api: Api) -> None:
    ids = [UUID(api.patient()["id"]) for _ in range(5)]
    assert {id_.version for id_ in ids} == {7}
    assert [id_.int >> 80 for id_ in ids] == sorted(id_.int >> 80 for id_ in ids)


def test_an_id_of_one_kind_may_be_the_id_of_another(api: Api) -> None:
    id_ = str(uuid7())
    patient = api.patient(id=id_, given_name="Ana")
    session = api.session(id=id_, patient_id=id_, note="N")
    assert api.get(f"/v1/patients/{id_}").json() == patient
    assert api.get(f"/v1/sessions/{id_}").json() == session
    versions = api.get(f"/v1/sessions/{id_}/versions").json()["items"]
    assert [version["body"] for version in versions] == [session]


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_one_id_used_by_many_at_once_is_one_record(api: Api, method: str) -> None:
    id_ = str(uuid7())
    path = f"/v1/patients/{id_}" if method == "PUT" else "/v1/patients"
    body = {"id": id_, "identifiers": [{"system": "s", "value": "v"}]}
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: api(method, path, json=body), range(24)))
    assert sorted(answer.status_code for answer in answers) == [200] * 23 + [201]
    stored = api.get(f"/v1/patients/{id_}").json()
    assert all(answer.json() == stored for answer in answers)


def test_two_contents_under_one_id_at_once_are_one_record_and_conflicts(api: Api) -> None:
    id_ = str(uuid4())
    bodies = [{"id": id_, "given_name": f"N{n % 4}"} for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda body: api.post("/v1/patients", body), bodies))
    kept = api.get(f"/v1/patients/{id_}").json()["given_name"]
    for body, answer in zip(bodies, answers, strict=True):
        assert (answer.status_code in {200, 201}) == (body["given_name"] == kept), answer.text
        assert answer.is_success or answer.json()["type"] == "/problems/id-taken"
