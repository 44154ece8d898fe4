"""A change must name the current version of the record."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydantic_core import from_json

from app.core.values.clock import uuid7
from tests.ground import Api
from tests.sweeps.document import operations
from tests.sweeps.world import World, stored

CHANGES = [operation for operation in operations() if operation.needs_version]
PATCHES = [operation for operation in CHANGES if operation.method == "PATCH"]


def change(api: Api, path: str, name: str, **headers: str) -> Any:
    return api("PATCH", path, json={"given_name": name}, headers=headers)


@pytest.mark.parametrize("operation", CHANGES, ids=lambda o: o.name)
def test_a_change_must_name_the_version_that_it_changes(api: Api, operation: Any) -> None:
    sent = World(api).request(operation)
    current = sent.headers.pop("If-Match")
    absent = sent.by(api)
    assert absent.status_code == 428
    assert absent.json()["type"] == "/problems/version-missing"
    stale = sent.by(api, If_Match='"77"')
    assert stale.status_code == 412
    assert stale.json()["type"] == "/problems/version-stale"
    assert f'"{stale.json()["current_version"]}"' == current
    answer = sent.by(api, If_Match=current)
    assert answer.status_code == 200
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
    assert answer.json()["version"] == stale.json()["current_version"] + 1


@pytest.mark.parametrize("tag", ['W/"1"', '"1"', "1", ' "1" '])
def test_every_valid_spelling_of_if_match_is_accepted(api: Api, tag: str) -> None:
    path = f"/v1/patients/{api.patient()['id']}"
    assert change(api, path, "B", **{"If-Match": tag}).status_code == 200


@pytest.mark.parametrize("tag", ['"01"', '"2"', '"1.0"', '"x"', '""', "", '"2", "3"'])
def test_any_other_version_is_stale(api: Api, tag: str) -> None:
    path = f"/v1/patients/{api.patient(given_name='A')['id']}"
    answer = change(api, path, "B", **{"If-Match": tag})
    assert (answer.status_code, answer.json()["current_version"]) == (412, 1)
    assert api.get(path).json()["given_name"] == "A"


def test_if_match_with_a_star_is_refused(api: Api) -> None:
    path = f"/v1/patients/{api.patient()['id']}"
    assert change(api, path, "B", **{"If-Match": "*"}).status_code == 428


def test_an_unknown_record_is_404_even_without_a_version(api: Api) -> None:
    for operation in CHANGES:
        if "{id}" not in operation.path:
            continue  # the clinic itself, which is always there
        sent = World(api).request(operation)
        sent.path = operation.path.format(id=uuid7())
        del sent.headers["If-Match"]
        assert sent.by(api).status_code == 404


@pytest.mark.parametrize(
    ("held", "status"),
    [
        ('"1"', 304),
        ('W/"1"', 304),
        ("*", 304),
        ('"7", "1"', 304),
        ('"2"', 200),
        ('"11"', 200),
        ('""', 200),
    ],
)
def test_an_unchanged_record_is_304(api: Api, held: str, status: int) -> None:
    session = api.session()
    for path in (
        f"/v1/sessions/{session['id']}",
        f"/v1/sessions/{session['id']}/versions/1",
        f"/v1/patients/{session['patient_id']}",
    ):
        answer = api.get(path, headers={"If-None-Match": held})
        assert answer.status_code == status
        assert answer.headers["etag"] == '"1"'
        assert (answer.content == b"") == (status == 304)


def test_a_changed_record_is_sent_again(api: Api) -> None:
    path = f"/v1/patients/{api.patient()['id']}"
    change(api, path, "B", **{"If-Match": '"1"'})
    assert api.get(path, headers={"If-None-Match": '"1"'}).json()["version"] == 2


def test_a_change_that_changes_nothing_makes_no_version(api: Api) -> None:
    path = f"/v1/patients/{api.patient(given_name='A')['id']}"
    answer = change(api, path, "A", **{"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["version"]) == (200, 1)


def test_of_many_changes_to_one_version_one_succeeds(api: Api) -> None:
    path = f"/v1/patients/{api.patient(given_name='A')['id']}"
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda n: change(api, path, f"N{n}", **{"If-Match": '"1"'}), range(16))
        )
    won = [answer for answer in answers if answer.status_code == 200]
    assert [answer.json()["version"] for answer in won] == [2]
    assert {answer.status_code for answer in answers} == {200, 412}
    assert api.get(path).json() == won[0].json()


@pytest.mark.parametrize("operation", PATCHES, ids=lambda o: o.name)
def test_a_patch_leaves_everything_else_as_it_was(api: Api, operation: Any) -> None:
    sent = World(api).request(operation)
    before = api.get(sent.path).json()
    after = sent.by(api).json()
    changed = {name for name in before if before[name] != after[name]}
    stamps = {"version", "updated_at"} & before.keys()
    assert changed == {*from_json(sent.content or b""), *stamps}
    assert list(stored(after)) == list(before)
    assert api.get(sent.path).json() == stored(after)
