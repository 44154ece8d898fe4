"""A key is only accepted in the exact form in which it was issued."""

from uuid import UUID

import pytest

from app.auth.rules import API_KEY, ENROLMENT_CODE, Key, parse_key
from tests.ground import Api

KEY = Key(UUID("0190aaaa-aaaa-7000-8000-00000000000a"), "a_secret")


def other_spellings(key: str) -> list[str]:
    prefix, id_, secret = key.split("_", 2)
    dashed = str(UUID(hex=id_))
    return [
        f"{prefix}_{other}_{secret}"
        for other in (id_.upper(), dashed, f"{{{dashed}}}", f"urn:uuid:{dashed}", f" {id_}")
    ]


def test_a_key_is_accepted_as_it_was_issued() -> None:
    assert parse_key(str(KEY), API_KEY, ENROLMENT_CODE) == KEY
    assert parse_key(str(KEY), ENROLMENT_CODE) is None


@pytest.mark.parametrize("spelling", other_spellings(str(KEY)))
def test_another_spelling_of_a_key_is_not_a_key(spelling: str) -> None:
    assert parse_key(spelling, API_KEY) is None


def test_another_spelling_of_a_valid_key_is_refused(api: Api) -> None:
    assert api.get("/v1/clinic").status_code == 200
    for spelling in other_spellings(api.key):
        assert Api(api.wire, spelling).get("/v1/clinic").status_code == 401
