"""A day is YYYY-MM-DD and nothing else, wherever one is taken."""

import pytest

from tests.ground import Api
from tests.records.bodies import create, faults

DIGITS = ("1763596800", "0", "20261120", "2026-11-20T00:00:00Z", "2026-11-20 00:00:00")
DAYS = [
    ("practitioner", "/inactive_from"),
    ("practitioner", "/credentials/0/valid_from"),
    ("practitioner", "/credentials/0/valid_to"),
    ("episode", "/onset_on"),
    ("episode", "/medical_screen_on"),
    ("consent", "/valid_until"),
]


@pytest.mark.parametrize(("kind", "place"), DAYS)
def test_nothing_but_a_day_is_taken_as_one(api: Api, kind: str, place: str) -> None:
    for written in DIGITS:
        assert faults(create(api, kind, (place, written))) == {place: "date_parsing"}


def test_a_search_and_an_import_take_nothing_else_either(api: Api) -> None:
    api.patient(given_name="Ana", birth_date="1988-04-12")
    for written in ("577065600", "577065600000", "1988-04-12T00:00:00Z"):
        answer = api.post("/v1/patients/search", {"birth_date": written})
        assert faults(answer) == {"/birth_date": "date_parsing"}
        rows = f"type,given_name,birth_date\npatient,Bo,{written}\n"
        answer = api("POST", "/v1/imports", content=rows, headers={"Content-Type": "text/csv"})
        assert [e["code"] for e in answer.json()["errors"]] == ["date_parsing"]
