"""Idempotency-Key: a repeated request is done once, and gets the same answer."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.core.db.bulk import insert_unless_taken
from app.core.http.retries import StoredAnswer
from app.core.operation import rows
from app.core.values.clock import uuid7
from tests.ground import Api, Clinic
from tests.sweeps.document import operations
from tests.sweeps.world import World

KEY = {"Idempotency-Key": "k-1"}
WRITES = [o for o in operations() if "Idempotency-Key" in o.parameters("header")]


def test_every_write_with_a_key_is_replayed_as_it_was(api: Api) -> None:
    world = World(api)
    wrong = {}
    for operation in WRITES:
        sent = world.request(operation)
        key = f"key of {operation.name}"
        first, again = (sent.by(api, Idempotency_Key=key) for _ in range(2))
        same = (first.status_code, first.content, first.headers.get("etag")) == (
            again.status_code,
            again.content,
            again.headers.get("etag"),
        )
        marked = "idempotency-replayed" not in first.headers
        if not first.is_success or not same or not marked:
            wrong[operation.name] = (first.text, again.text)
        if again.headers.get("idempotency-replayed") != "true":
            wrong[operation.name] = ("not marked", again.text)
    assert wrong == {}


def test_a_replay_is_an_answer_to_its_own_request(api: Api) -> None:
    for name in ("r-1", "r-2"):
        answer = api.post("/v1/patients", {}, headers={**KEY, "X-Request-Id": name})
        assert answer.headers.get_list("x-request-id") == [name]
        assert answer.headers.get_list("content-length") == [str(len(answer.content))]


def test_one_key_with_two_requests_is_refused(api: Api) -> None:
    made = api.post("/v1/patients", {"given_name": "A"}, headers=KEY)
    others = [
        api.post("/v1/patients", {"given_name": "B"}, headers=KEY),
        api("POST", "/v1/patients", content=b'{"given_name": "A" }', headers=KEY | JSON),
        api.post("/v1/practitioners", {"given_name": "A", "family_name": "B"}, headers=KEY),
        api("PUT", f"/v1/patients/{uuid7()}", json={"given_name": "A"}, headers=KEY),
    ]
    for answer in others:
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/key-reused")
    assert api.get("/v1/patients").json()["items"] == [made.json()]


JSON = {"Content-Type": "application/json"}


def test_a_refusal_is_not_kept(api: Api) -> None:
    """A refused request did nothing, so a second try may succeed."""
    body = {"patient_id": str(uuid7()), "complaint": "c"}
    assert api.post("/v1/episodes", body, headers=KEY).status_code == 422
    api.patient(id=body["patient_id"])
    answer = api.post("/v1/episodes", body, headers=KEY)
    assert answer.status_code == 201
    assert "idempotency-replayed" not in answer.headers


def test_a_replay_answers_what_was_true_then(api: Api) -> None:
    made = api.post("/v1/patients", {"given_name": "A"}, headers=KEY)
    path = made.headers["location"]
    api("PATCH", path, json={"given_name": "B"}, headers={"If-Match": '"1"'})
    again = api.post("/v1/patients", {"given_name": "A"}, headers=KEY)
    assert again.json() == made.json()
    assert again.headers["location"] == path


def test_a_repeated_change_is_not_stale(api: Api) -> None:
    path = f"/v1/patients/{api.patient()['id']}"
    sent = {"json": {"given_name": "B"}, "headers": KEY | {"If-Match": '"1"'}}
    first, again = (api("PATCH", path, **sent) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["version"] == 2


def test_a_key_belongs_to_one_client(api: Api, other_api: Api, clinic: Clinic) -> None:
    neighbour = Api(api.wire, clinic.key())
    made = [who.post("/v1/patients", {}, headers=KEY) for who in (api, neighbour, other_api)]
    assert len({answer.json()["id"] for answer in made}) == 3


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("x", 201),
        ("x" * 255, 201),
        ("a b", 201),
        ("{\"'}~!", 201),
        ("x" * 256, 422),
        ("", 422),
        ("\u00e4", 422),
        ("\x7f", 422),
    ],
)
def test_a_key_has_1_to_255_characters(api: Api, key: str, status: int) -> None:
    answer = api.post("/v1/patients", {}, headers={"Idempotency-Key": key.encode("latin-1")})
    assert answer.status_code == status
    if status == 422:
        [error] = answer.json()["errors"]
        assert (error["pointer"], error["in"]) == ("/Idempotency-Key", "header")


def test_a_read_knows_no_keys(api: Api) -> None:
    assert api.get("/v1/patients", headers=KEY).json()["items"] == []
    api.patient()
    assert len(api.get("/v1/patients", headers=KEY).json()["items"]) == 1


def test_an_answer_is_forgotten_when_its_time_is_over(api: Api, clinic: Clinic) -> None:
    op = clinic.operation()
    client_id = UUID(api.key.split("_")[1])
    old = {
        "clinic_id": clinic.id,
        "client_id": client_id,
        "fingerprint": b"\0" * 32,
        "status": 201,
        "headers": {},
        "body": "{}",
        "shown": [],
    }
    with clinic.database.writing(clinic.id) as db:
        for key, age in (("kept", timedelta(hours=47)), ("over", timedelta(hours=49))):
            row = {**old, "key": key, "created_at": op.at - age}
            assert insert_unless_taken(db, StoredAnswer, row)
    assert api.post("/v1/patients", {}, headers={"Idempotency-Key": "new"}).status_code == 201
    with clinic.database.reading(clinic.id) as db:
        op.begin(db)
        assert {answer.key for answer in op.all(rows(StoredAnswer))} == {"kept", "new"}
