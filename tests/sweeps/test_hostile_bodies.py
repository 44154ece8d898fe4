"""Every bad body gets a documented problem that says what is wrong, and nothing is stored."""

from typing import Any

import pytest
from pydantic_core import to_json

from app.core.values.clock import uuid7
from tests.ground import Api
from tests.sweeps.document import operations, undocumented
from tests.sweeps.hostile import BODIES, LARGE, mutations
from tests.sweeps.world import World, lasting

TAKES_JSON = [operation for operation in operations() if operation.body_model]
# The rows of an import have the same reader, but a file with only bad rows is a valid request.
CREATES = [o for o in TAKES_JSON if o.name.endswith(".create") and o.creates]
# The answers of these operations are not stored.
RELEASES = [o for o in TAKES_JSON if o.name.endswith(".create") and not o.creates]


@pytest.mark.alike
def test_a_hostile_body_gets_a_documented_problem(api: Api) -> None:
    world = World(api)
    wrong: dict[str, Any] = {}
    for operation in TAKES_JSON:
        sent = world.request(operation)
        before = world.feed()
        bodies = (
            BODIES | LARGE if operation.name in {"sessions.create", "sessions.amend"} else BODIES
        )
        required = operation.spec["requestBody"].get("required", True)
        for label, body in bodies.items():
            if label == "nothing" and not required:
                continue
            answer = sent.by(api, content=body)
            fault = undocumented(operation, answer)
            if fault or answer.status_code != 422:
                wrong[f"{operation.name}: {label}"] = fault or answer.text
        if world.feed(before[-1]["number"]):
            wrong[operation.name] = "something was stored"
    assert wrong == {}


@pytest.mark.alike
@pytest.mark.parametrize("bytes_over", [0, 1])
def test_a_body_may_have_one_mebibyte_and_no_more(api: Api, bytes_over: int) -> None:
    body = b'{"given_name": "A"}'.ljust(1_048_576 + bytes_over)
    json = {"Content-Type": "application/json"}
    whole = api("POST", "/v1/patients", content=body, headers=json)
    chunked = api("POST", "/v1/patients", content=iter([body[:9], body[9:]]), headers=json)
    expected = 413 if bytes_over else 201
    assert (whole.status_code, chunked.status_code) == (expected, expected)
    if bytes_over:
        assert whole.json()["type"] == chunked.json()["type"] == "/problems/too-large"


@pytest.mark.alike
@pytest.mark.bound("body-faults")
@pytest.mark.parametrize(("faults", "listed"), [(100, 100), (101, 100), (60_000, 100)])
def test_the_first_hundred_faults_of_a_body_are_listed(api: Api, faults: int, listed: int) -> None:
    answer = api("POST", "/v1/patients", json={f"x{n}": 0 for n in range(faults)})
    problem = answer.json()
    assert (answer.status_code, len(problem["errors"])) == (422, listed)
    assert problem.get("more_errors", False) == (faults > listed)
    assert problem["errors"][0]["pointer"] == "/x0"


@pytest.mark.alike
@pytest.mark.bound("body-faults")
def test_the_first_hundred_faults_of_a_query_are_listed(api: Api) -> None:
    problem = api.get("/v1/patients?" + "&".join(f"x{n}=0" for n in range(300))).json()
    assert (len(problem["errors"]), problem["more_errors"]) == (100, True)


@pytest.mark.parametrize("operation", CREATES, ids=lambda o: o.name)
def test_any_value_at_any_path_is_stored_unchanged_or_refused(api: Api, operation: Any) -> None:
    world = World(api)
    sent = world.request(operation)
    wrong: list[Any] = []
    for body in mutations(world.example(operation.body_model)):
        body.pop("identifiers", None)
        answer = sent.by(api, content=to_json(body))
        fault = undocumented(operation, answer)
        if fault or answer.status_code not in {201, 422}:
            wrong.append((fault, body))
        elif answer.status_code == 201:
            kept = api.get(answer.headers["location"])
            if kept.json() != lasting(answer):
                wrong.append((kept.text, answer.text))
    assert wrong == []


@pytest.mark.alike
@pytest.mark.parametrize("operation", RELEASES, ids=lambda o: o.name)
def test_a_release_with_any_value_at_any_path_succeeds_or_is_refused(
    api: Api, operation: Any
) -> None:
    world = World(api)
    sent = world.request(operation)
    met, wrong = set(), []
    for body in mutations(world.example(operation.body_model)):
        answer = sent.by(api, content=to_json(body))
        met.add(answer.status_code)
        fault = undocumented(operation, answer)
        if fault:
            wrong.append((fault, body))
    assert wrong == []
    assert met == {200, 409, 422}


def test_a_hostile_merge_patch_changes_nothing(api: Api) -> None:
    patient = api.patient(given_name="A")
    tag = {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}
    deep = b'{"identifiers": ' + b'[{"system": ' * 90 + b"1" + b"}]" * 90 + b"}"
    for patch in (
        *BODIES.values(),
        *LARGE.values(),
        deep,
        b'{"birth_date": 1e999}',
        b'{"id": "%s"}' % str(uuid7()).encode(),
        b'{"version": 7}',
        b'{"created_at": null, "given_name": 7}',
    ):
        answer = api("PATCH", f"/v1/patients/{patient['id']}", content=patch, headers=tag)
        assert answer.status_code == 422, patch[:60]
    assert api.get(f"/v1/patients/{patient['id']}").json() == patient
