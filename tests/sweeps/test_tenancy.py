"""Records of another clinic get the same answers as records that do not exist."""

import re
from dataclasses import replace
from typing import Any

from httpx2 import Response
from pydantic_core import to_json

from app.core.values.clock import uuid7
from tests.ground import Api
from tests.sweeps.document import operations
from tests.sweeps.world import REFERENCES, World, lasting, stored

# An id, but no part of a digest.
ID = re.compile(
    r"(?<![0-9a-f])[0-9a-f]{8}-?[0-9a-f]{4}-?7[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}(?![0-9a-f])"
)
MADE_BY_THE_SERVER = {"x-request-id", "location", "content-length", "ratelimit"}


def seen(answer: Response) -> tuple[int, dict[str, str], str]:
    """An answer without ids and instants, which differ between any two requests."""
    headers = {k: v for k, v in answer.headers.items() if k not in MADE_BY_THE_SERVER}
    return answer.status_code, headers, blanked(answer.text)


def blanked(text: str) -> str:
    """A text without ids and instants."""
    return re.sub(r"20\d\d-\d\d-\d\dT[0-9:.]+Z", "", ID.sub("", text))


def test_another_clinics_record_answers_like_an_unknown_one(api: Api, other_api: Api) -> None:
    ours, theirs = World(api), World(other_api)
    told, asked = {}, 0
    for operation in operations():
        sent = replace(theirs.request(operation), of_maker=None)
        fresh = operation.method == "PUT" and len(ID.findall(sent.path)) == 1
        if not ID.search(sent.path) or fresh:
            continue
        sent.content = ours.content(operation)
        never = replace(sent, path=ID.sub(lambda _: str(uuid7()), sent.path))
        answers = [seen(each.by(api)) for each in (sent, never)]
        asked += 1
        if answers[0] != answers[1] or answers[0][0] != 404:
            told[operation.name] = answers
    assert told == {}
    assert asked > 20


def test_a_put_to_another_clinics_id_creates_an_own_record(api: Api, other_api: Api) -> None:
    ours, theirs = World(api), World(other_api)
    for operation in operations():
        if operation.method == "PUT" and operation.path.count("{") == 1:
            made = theirs.make(operation.path.removesuffix("/{id}"))
            sent = replace(ours.request(operation), path=operation.path.format(id=made["id"]))
            first, second = sent.by(api), ours.request(operation).by(api)
            # The second one resembles the first, and its answer may say so.
            assert seen(first)[:2] == seen(second)[:2]
            told = [blanked(to_json(lasting(answer)).decode()) for answer in (first, second)]
            assert told[0] == told[1]
            assert other_api.get(sent.path).json() == stored(made)


def test_another_clinics_record_is_unknown_as_a_reference(api: Api, other_api: Api) -> None:
    ours, theirs = World(api), World(other_api)
    told: dict[str, Any] = {}
    for operation in operations():
        if operation.body_model is None or not operation.writes:
            continue
        body = {} if operation.patches else ours.example(operation.body_model)
        for name, collection in REFERENCES.items():
            if name in body:
                sent = ours.request(operation)
                answers = [
                    api(sent.method, sent.path, json=body | {name: id_}, headers=sent.headers)
                    for id_ in (theirs.known(collection), str(uuid7()))
                ]
                codes = [e["code"] for e in answers[0].json().get("errors", ())]
                if seen(answers[0]) != seen(answers[1]) or "unknown_reference" not in codes:
                    told[f"{operation.name} {name}"] = [a.text for a in answers]
    assert told == {}


def test_a_list_never_shows_another_clinics_records(api: Api, other_api: Api) -> None:
    world = World(other_api)
    shown = {}
    for operation in operations():
        if operation.method == "PUT":
            world.request(operation).by(other_api)
        if operation.name.endswith(".list") and "{" not in operation.path:
            theirs, ours = world.request(operation).by(other_api), world.request(operation).by(api)
            same_for_all = operation.path in {"/v1/muscles", "/v1/instruments"}
            leaked = {item.get("id") for item in ours.json()["items"]} - {None}
            if not same_for_all and leaked & {item.get("id") for item in theirs.json()["items"]}:
                shown[operation.name] = leaked
    assert shown == {}


def test_two_clinics_may_use_the_same_ids_and_identifiers(api: Api, other_api: Api) -> None:
    id_ = str(uuid7())
    body = {"id": id_, "identifiers": [{"system": "s", "value": "v"}], "given_name": "A"}
    assert api.post("/v1/patients", body).status_code == 201
    assert other_api.post("/v1/patients", body | {"given_name": "B"}).status_code == 201
    assert api.get(f"/v1/patients/{id_}").json()["given_name"] == "A"
    assert other_api.get(f"/v1/patients/{id_}").json()["given_name"] == "B"
    assert len(api.get("/v1/patients?identifier=s%7Cv").json()["items"]) == 1
