"""Every error is answered as a problem, and every answer has a request id."""

from uuid import UUID

import pytest

from tests.ground import Api

ZIPPED = {"Content-Type": "text/csv", "Content-Encoding": "gzip"}
MEMBERS = {"type", "title", "status", "detail", "request_id"}
ID = "0190aaaa-aaaa-7000-8000-000000000000"
ADDRESSES = {
    "/v1/patients": {"GET", "HEAD", "POST"},
    "/v1/patients/search": {"POST"},
    f"/v1/patients/{ID}": {"GET", "HEAD", "PUT", "PATCH"},
    f"/v1/sessions/{ID}/sign": {"POST"},
    f"/v1/sessions/{ID}/versions/1": {"GET", "HEAD"},
    f"/v1/sessions/{ID}/follow-ups": {"GET", "HEAD", "POST"},
    f"/v1/sessions/{ID}/follow-ups/{ID}": {"GET", "HEAD", "PUT"},
    "/v1/clinic": {"GET", "HEAD", "PATCH"},
    "/v1/muscles/infraspinatus": {"GET", "HEAD"},
    "/healthz": {"GET", "HEAD"},
    "/openapi.json": {"GET", "HEAD"},
}


@pytest.mark.parametrize(
    ("method", "path", "status", "more"),
    [
        ("GET", "/nothing", 404, {}),
        ("GET", "/v1", 404, {}),
        ("GET", "/v1/nothing", 404, {}),
        ("GET", "/v1/patients/", 404, {}),
        ("GET", "/v1/patients%0a", 404, {}),
        ("GET", "/healthz%0a", 404, {}),
        ("GET", "/v1//patients", 404, {}),
        ("GET", "/v2/patients", 404, {}),
        ("GET", "/v1/patients/1", 404, {}),
        ("GET", "/v1/sessions/x/versions/1", 404, {}),
        ("GET", "/v1/muscles/no_such_muscle", 404, {}),
        ("GET", "/v1/instruments/no_such_instrument", 404, {}),
        ("DELETE", "/v1/patients", 405, {}),
        ("BREW", "/v1/patients", 405, {}),
        ("POST", "/healthz", 405, {}),
        ("POST", "/v1/patients", 415, {"content": b"{}"}),
        ("POST", "/v1/patients", 415, {"data": {"a": "b"}}),
        ("POST", "/v1/patients", 415, {"files": {"a": b"b"}}),
        ("POST", "/v1/patients", 422, {"json": []}),
        ("POST", "/v1/patients", 415, {"json": {}, "headers": {"Content-Encoding": "gzip"}}),
        ("POST", "/v1/imports", 415, {"content": b"", "headers": ZIPPED}),
        ("POST", "/r/none.json", 415, {"json": {}, "headers": {"Content-Encoding": "br, zstd"}}),
        ("GET", "/v1/patients?limit=0", 422, {}),
        ("GET", f"/v1/sessions/{ID}/versions/0", 422, {}),
    ],
)
def test_every_refusal_is_a_problem(
    api: Api, method: str, path: str, status: int, more: dict[str, object]
) -> None:
    answer = api(method, path, **more)
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(problem) >= MEMBERS
    assert all(problem[name] for name in MEMBERS)
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert ("errors" in problem) == (status == 422)


@pytest.mark.parametrize("path", ADDRESSES)
def test_an_answer_405_lists_every_allowed_method(api: Api, path: str) -> None:
    right = ADDRESSES[path]
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"} - right:
        answer = api(method, path)
        assert answer.status_code == 405, method
        assert set(answer.headers["allow"].split(", ")) == right


@pytest.mark.parametrize(
    ("method", "kind", "status"),
    [
        ("POST", "application/json", 201),
        ("POST", "Application/JSON; charset=utf-8", 201),
        ("POST", "application/merge-patch+json", 415),
        ("POST", "application/json-patch+json", 415),
        ("POST", "text/json", 415),
        ("PATCH", "application/json", 200),
        ("PATCH", "application/merge-patch+json", 200),
        ("PATCH", "application/json-patch+json", 415),
    ],
)
def test_a_body_needs_an_accepted_content_type(
    api: Api, method: str, kind: str, status: int
) -> None:
    path = "/v1/patients" if method == "POST" else f"/v1/patients/{api.patient()['id']}"
    headers = {"Content-Type": kind, "If-Match": '"1"'}
    assert api(method, path, content=b"{}", headers=headers).status_code == status


def test_a_request_id_is_taken_and_sent_back(api: Api) -> None:
    for path, status in (("/v1/clinic", 200), ("/v1/nothing", 404)):
        answer = api.get(path, headers={"X-Request-Id": "tablet-7/41"})
        assert answer.status_code == status
        assert answer.headers.get_list("x-request-id") == ["tablet-7/41"]


def test_a_request_without_an_id_gets_one(api: Api) -> None:
    made = {api.get("/v1/clinic").headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3
    assert {UUID(each).version for each in made} == {7}


def test_clinical_answers_are_never_cached(api: Api) -> None:
    patient = api.patient()
    for path in ("/v1/patients", f"/v1/patients/{patient['id']}", "/v1/nothing", "/v1/changes"):
        assert api.get(path).headers["cache-control"] == "no-store"
