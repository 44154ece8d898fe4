"""Every operation answers as the document says."""

import pytest

from tests.ground import Api
from tests.sweeps.document import (
    NEED_NO_SCOPE,
    Documented,
    document,
    operations,
    undocumented,
)
from tests.sweeps.world import World

# The document and the answers' forms are the same on both databases.
pytestmark = pytest.mark.alike


def test_every_operation_accepts_its_example_and_answers_as_documented(api: Api) -> None:
    world = World(api)
    wrong = {}
    for operation in operations():
        answer = world.request(operation).by(api)
        fault = undocumented(operation, answer)
        if fault or not answer.is_success:
            wrong[operation.name] = fault or answer.text
    assert wrong == {}


def test_every_read_answers_a_head_as_a_get_without_its_body(api: Api) -> None:
    world = World(api)
    wrong = {}
    # A read of the ledger is itself an entry in it. The server's time compresses differently.
    longer_each_time = {
        *("audit.entries", "audit.export", "disclosures.list", "me.read", "progress.read"),
    }
    for operation in operations():
        if operation.method == "GET":
            path = world.request(operation).path
            got, head = api.get(path), api("HEAD", path)
            same = ["content-type", "etag", "cache-control"]
            if operation.name not in longer_each_time:
                same.append("content-length")
            if (head.status_code, head.content) != (200, b"") or any(
                head.headers.get(name) != got.headers.get(name) for name in same
            ):
                wrong[operation.name] = head.headers
    assert wrong == {}


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/docs", "/docs/docs.js", "/problems/conflict"]
)
def test_paths_outside_v1_answer_a_head_too(api: Api, path: str) -> None:
    head = api("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == api.get(path).headers["content-length"]


def test_a_head_that_is_refused_has_no_body_either(api: Api) -> None:
    held = api(
        "HEAD", path := f"/v1/patients/{api.patient()['id']}", headers={"If-None-Match": "*"}
    )
    assert held.status_code == 304
    assert Api(api.wire, "nobody")("HEAD", path).status_code == 401
    assert api("HEAD", "/v1/patients/search").status_code == 405
    missing = api("HEAD", "/v1/nothing")
    assert (missing.status_code, missing.content) == (404, b"")


def test_every_operation_declares_exactly_one_scope_or_that_it_needs_none() -> None:
    assert {o.name for o in operations() if len(o.scopes) != 1} == NEED_NO_SCOPE
    assert {o.name for o in operations() if not o.scopes} == NEED_NO_SCOPE
    assert [o.name for o in operations() if "bearer" not in o.spec["security"][0]] == []


def test_names_of_operations_are_unique() -> None:
    names = [operation.name for operation in operations()]
    assert len(set(names)) == len(names)


def test_every_json_body_has_an_example() -> None:
    bare = {
        operation.body_model
        for operation in operations()
        if operation.body_model and not operation.patches
        if not document()["components"]["schemas"][operation.body_model].get("examples")
    }
    assert bare == set()


@pytest.mark.parametrize("operation", operations(), ids=lambda o: o.name)
def test_every_operation_says_what_it_does(operation: Documented) -> None:
    assert operation.spec["summary"]
    assert operation.spec["description"]
    assert all(answer["description"] for answer in operation.spec["responses"].values())
