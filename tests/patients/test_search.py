"""Finding a patient by the beginning of any part of their names, or by the birth date, in pages."""

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.core.db.database import Database
from app.core.values.text import is_blank, one_line
from app.patients.rules.names import folded
from tests.ground import Api, create_clinic
from tests.records.bodies import faults

PEOPLE = [
    ("Ana", "Núñez", "1988-04-12"),
    ("ANA", "Nunes", "1988-04-12"),
    ("José", "Núñez de Arce", "1950-01-01"),
    ("Zoë", "O'Brien", "2001-02-03"),
    ("Łukasz", "Strauß", "1999-12-31"),
    ("北京", "王", "1970-01-01"),
    ("Anne-Marie", "N%_", None),
    (None, None, None),
]


@pytest.fixture
def people(api: Api) -> dict[str, Any]:
    made = {}
    for given_name, family_name, birth_date in PEOPLE:
        person = api.patient(given_name=given_name, family_name=family_name, birth_date=birth_date)
        made[person["id"]] = f"{given_name} {family_name}"
    return made


def search(api: Api, **wanted: Any) -> list[str]:
    """The names that are found, as `given family`."""
    answer = api.post("/v1/patients/search", wanted)
    assert answer.status_code == 200, answer.text
    return [f"{item['given_name']} {item['family_name']}" for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"family_name": "nunez"}, ["Ana Núñez", "José Núñez de Arce"]),
        ({"family_name": "NÚÑEZ"}, ["Ana Núñez", "José Núñez de Arce"]),
        ({"family_name": "Nun\u0303ez"}, ["Ana Núñez", "José Núñez de Arce"]),
        ({"family_name": "nun"}, ["Ana Núñez", "ANA Nunes", "José Núñez de Arce"]),
        ({"given_name": "ana"}, ["Ana Núñez", "ANA Nunes"]),
        ({"given_name": "ana", "family_name": "nunes"}, ["ANA Nunes"]),
        ({"birth_date": "1988-04-12"}, ["Ana Núñez", "ANA Nunes"]),
        ({"birth_date": "1988-04-12", "family_name": "núñez"}, ["Ana Núñez"]),
        ({"family_name": "o'b"}, ["Zoë O'Brien"]),
        ({"family_name": "obrien"}, ["Zoë O'Brien"]),
        ({"family_name": "O\u2019 Brien"}, ["Zoë O'Brien"]),
        ({"family_name": "O\u02bcBrien"}, ["Zoë O'Brien"]),
        ({"given_name": "Annemarie"}, ["Anne-Marie N%_"]),
        ({"given_name": "anne m"}, ["Anne-Marie N%_"]),
        ({"family_name": "Nunez-d"}, ["José Núñez de Arce"]),
        ({"family_name": "strauss"}, ["Łukasz Strauß"]),
        ({"family_name": "王"}, ["北京 王"]),
        ({"family_name": "arce"}, ["José Núñez de Arce"]),
        ({"family_name": "de arce"}, ["José Núñez de Arce"]),
        ({"family_name": "brien"}, ["Zoë O'Brien"]),
        ({"given_name": "marie"}, ["Anne-Marie N%_"]),
        ({"family_name": "ana", "given_name": "nunez"}, ["Ana Núñez"]),
        ({"family_name": "lukasz"}, ["Łukasz Strauß"]),
        ({"family_name": "jose", "birth_date": "1950"}, ["José Núñez de Arce"]),
        ({"family_name": "jose", "birth_date": "1951"}, []),
        ({"given_name": "none"}, []),
    ],
)
@pytest.mark.usefixtures("people")
def test_the_beginning_of_a_name_finds_every_patient_with_it(
    api: Api, wanted: dict[str, Any], names: list[str]
) -> None:
    assert search(api, **wanted) == names


@pytest.mark.usefixtures("people")
def test_a_search_is_paged(api: Api) -> None:
    first = api.post("/v1/patients/search?limit=2", {"family_name": "nun"}).json()
    assert len(first["items"]) == 2
    second = api("POST", first["next"], json={"family_name": "nun"}).json()
    assert [item["given_name"] for item in second["items"]] == ["José"]
    assert second["next"] is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"family_name": None},
        {"family_name": ""},
        {"family_name": "%"},
        {"given_name": " '_"},
        {"name": "x"},
        {"q": ""},
        {"q": "%"},
        {"q": "x" * 101},
        {"q": "a b c d e f g h i j k l m"},
        {"q": "x", "family_name": "x"},
        {"family_name": "a b c d e f g h i j k l m"},
    ],
)
def test_a_search_that_asks_nothing_or_too_much_is_refused(api: Api, body: dict[str, Any]) -> None:
    assert faults(api.post("/v1/patients/search", body))


def test_a_search_follows_a_change_of_name(api: Api) -> None:
    patient = api.patient(family_name="Before")
    path, held = f"/v1/patients/{patient['id']}", {"If-Match": '"1"'}
    api("PATCH", path, json={"family_name": "Áfter"}, headers=held)
    assert search(api, family_name="before") == []
    assert search(api, family_name="after") == ["None Áfter"]


@settings(max_examples=10)
@given(
    st.lists(st.text("aäÄbßzẞ'\u0301 ", min_size=1, max_size=4), min_size=1, max_size=5), st.data()
)
def test_every_beginning_of_a_name_finds_it(
    api: Api, database: Database, names: list[str], data: st.DataObject
) -> None:
    owner = Api(api.wire, create_clinic(database).key())
    names = [one_line(name) for name in names if not is_blank(name)]
    assume(names)
    for name in names:
        owner.patient(family_name=name)
    asked = data.draw(st.sampled_from(names))
    beginning = asked[: data.draw(st.integers(1, len(asked)))]
    assume(folded(beginning))
    assume(not is_blank(beginning))
    expected = [f"None {n}" for n in names if folded(n).startswith(folded(beginning))]
    found = search(owner, family_name=beginning)
    assert [name for name in found if name in expected] == expected
