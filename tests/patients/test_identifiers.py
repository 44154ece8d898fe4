"""An identifier of another system belongs to one record; a conflict names that record."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.ground import Api
from tests.records.bodies import faults

MRN = {"system": "urn:example:mrn", "value": "A|1 é/?&# +"}


REQUIRED = {
    "patients": (),
    "practitioners": ("given_name", "family_name"),
    "episodes": ("patient_id", "complaint"),
    "sessions": ("patient_id", "practitioner_id", "occurred_at"),
}


def by_identifier(api: Api, collection: str, system: str, value: str) -> list[str]:
    answer = api.get(f"/v1/{collection}", params={"identifier": f"{system}|{value}"})
    return [item["id"] for item in answer.json()["items"]]


def test_an_identifier_finds_its_record(api: Api) -> None:
    patient = api.patient(identifiers=[MRN, {"system": "b", "value": "2"}])
    practitioner = api.practitioner(identifiers=[MRN])
    for collection in ("episodes", "sessions"):
        record = make(api, collection, identifiers=[MRN])
        assert record["identifiers"] == [MRN]
        assert by_identifier(api, collection, **MRN) == [record["id"]]
        assert by_identifier(api, collection, MRN["system"], MRN["value"].upper()) == []
    assert by_identifier(api, "patients", **MRN) == [patient["id"]]
    assert by_identifier(api, "practitioners", **MRN) == [practitioner["id"]]
    assert by_identifier(api, "patients", "b", "2") == [patient["id"]]
    assert by_identifier(api, "patients", "b", "A|1 é/?&#") == []


def make(api: Api, collection: str, **body: Any) -> dict[str, Any]:
    if collection == "episodes":
        body = {"patient_id": api.patient()["id"], "complaint": "c"} | body
        return api.create("/v1/episodes", **body)
    makers = {"patients": api.patient, "practitioners": api.practitioner, "sessions": api.session}
    return makers[collection](**body)


@pytest.mark.parametrize("collection", ["patients", "practitioners", "episodes", "sessions"])
def test_an_identifier_belongs_to_one_record_and_a_conflict_names_it(
    api: Api, collection: str
) -> None:
    holder = make(api, collection, identifiers=[MRN])
    other = make(api, collection)
    named = {name: other[name] for name in REQUIRED[collection]}
    taken = {**named, "identifiers": [{"system": "s", "value": "v"}, MRN]}
    path = f"/v1/{collection}/{other['id']}"
    held = {"If-Match": '"1"'}
    for answer in (
        api.post(f"/v1/{collection}", taken),
        api("PUT", path, json=taken, headers=held),
        api("PATCH", path, json={"identifiers": [MRN]}, headers=held),
    ):
        problem = answer.json()
        assert (answer.status_code, problem["type"]) == (409, "/problems/identifier-taken")
        assert problem["holder_id"] == holder["id"]
        assert problem["pointer"].startswith("/identifiers/")
        assert "example:mrn" not in answer.text
    other.pop("ended", None)  # only the answer to a write has it
    assert api.get(path).json() == other


def test_a_removed_identifier_can_be_used_again(api: Api) -> None:
    holder, heir = api.patient(identifiers=[MRN]), api.patient()
    held = {"If-Match": '"1"'}
    for who, identifiers in ((holder, []), (heir, [MRN])):
        path = f"/v1/patients/{who['id']}"
        answer = api("PATCH", path, json={"identifiers": identifiers}, headers=held)
        assert answer.status_code == 200
    assert by_identifier(api, "patients", **MRN) == [heir["id"]]


def test_a_record_keeps_its_own_identifiers_through_a_change(api: Api) -> None:
    more = [{"system": "b", "value": str(n)} for n in range(3)]
    path = f"/v1/patients/{api.patient(identifiers=[MRN, *more])['id']}"
    held = {"If-Match": '"1"'}
    turned = api("PATCH", path, json={"identifiers": [*more, MRN]}, headers=held)
    assert turned.json()["identifiers"] == [*more, MRN]
    assert api.get(path).json() == turned.json()


def test_the_same_identifier_twice_in_one_record_is_refused(api: Api) -> None:
    answer = api.post("/v1/patients", {"identifiers": [MRN, MRN]})
    assert faults(answer) == {"/identifiers": "repeated_identifier"}
    with_bar = {"identifiers": [{"system": "a|b", "value": "v"}]}
    assert "/identifiers/0/system" in faults(api.post("/v1/patients", with_bar))


def test_of_many_simultaneous_claims_of_an_identifier_one_succeeds(api: Api) -> None:
    with ThreadPoolExecutor(8) as pool:
        claims = range(16)
        answers = list(pool.map(lambda _: api.post("/v1/patients", {"identifiers": [MRN]}), claims))
    won = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert len(won) == 1
    assert len(refused) == 15
    assert {problem["holder_id"] for problem in refused} == set(won)
