"""The lists of the vocabularies, and what faults suggest."""

import pytest

from app.vocabularies.schemas import VOCABULARIES, Vocabulary
from tests.ground import Api
from tests.records.bodies import create, faults

pytestmark = pytest.mark.alike


@pytest.mark.parametrize("vocabulary", VOCABULARIES.values(), ids=lambda each: each.noun)
def test_a_vocabulary_lists_its_rows_and_clients_may_keep_them(
    api: Api, vocabulary: Vocabulary
) -> None:
    path = f"/v1/{vocabulary.path}?limit=200"
    answer = api.get(path)
    assert answer.status_code == 200, answer.text
    rows = answer.json()["items"]
    assert {"code", "name", "synonyms", "note", "source", "own"} <= rows[0].keys()
    assert "other" in {row["code"] for row in rows}
    again = api.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    found = api.get(f"/v1/{vocabulary.path}?q={rows[0]['code'].upper()}").json()["items"]
    assert found[0] == rows[0]


def test_rows_say_what_the_rules_need_of_them(api: Api) -> None:
    def first(path: str, q: str) -> dict[str, object]:
        return dict(api.get(f"/v1/{path}?q={q}").json()["items"][0])

    assert first("regions", "TMJ")["parent"] == "head"
    assert first("event-kinds", "collapsed lung")["severity"] == "serious"
    assert first("event-kinds", "bruising")["attribution_days"] == 14
    assert first("event-kinds", "skin infection")["attribution_days"] == 30
    assert first("contraindications", "blood thinners")["concern"] == ["yes", "unknown"]


@pytest.mark.parametrize(
    ("word", "slug"),
    [("Infra-Spinatus", None), ("INFRASPINATUS", "infraspinatus"), ("QL", "quadratus_lumborum")],
)
def test_a_muscle_is_taken_by_a_name_that_no_other_muscle_has(
    api: Api, word: str, slug: str | None
) -> None:
    made = create(api, "adverse event", ("/muscle", word))
    if slug is None:
        assert faults(made) == {"/muscle": "unknown_muscle"}
    else:
        assert made.json()["muscle"] == slug
        found = api.get(f"/v1/sessions?muscle={word}")
        assert found.status_code == 200


def test_a_muscle_of_several_parts_is_not_guessed(api: Api) -> None:
    refused = create(api, "adverse event", ("/muscle", "trapezius"))
    [error] = refused.json()["errors"]
    assert {"trapezius_upper", "trapezius_middle", "trapezius_lower"} <= set(error["suggestions"])


def test_an_instrument_is_taken_in_any_case(api: Api) -> None:
    made = create(api, "measurement", ("/instrument", "NPRS"), ("/value", 3)).json()
    assert made["instrument"] == "nprs"


def test_an_unknown_muscle_or_instrument_has_suggestions(api: Api) -> None:
    def suggested(*change: tuple[str, str]) -> list[str]:
        [error] = create(api, "session", *change).json()["errors"]
        return list(error["suggestions"])

    assert suggested(("/needlings/0/muscle", "infraspinatis"))[0] == "infraspinatus"
    assert suggested(("/measurements/0/instrument", "nprs10"))[0] == "nprs"
    [error] = create(api, "session", ("/technique", "magic")).json()["errors"]
    assert "suggestions" not in error
