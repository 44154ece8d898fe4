"""Who answered yes or unknown to a question, and was needled all the same."""

from typing import Any

import pytest

from tests.ground import Api
from tests.records.bodies import faults

AT = "2026-11-01T10:00:00-08:00"


@pytest.fixture
def asked(api: Api) -> Api:
    """A clinic whose patients answered differently; one of them was not needled."""
    needled, untouched = api.session()["id"], api.session(needlings=[], needle_count=None)["id"]
    for session, anticoagulant, pregnancy in (
        (needled, "yes", "no"),
        (needled, "no", "yes"),
        (untouched, "unknown", "no"),
        (untouched, "no", "unknown"),
    ):
        screen(api, session, anticoagulant=anticoagulant, pregnancy=pregnancy)
    return api


def screen(api: Api, session: str, **answers: str) -> dict[str, Any]:
    return api.create(
        "/v1/screenings",
        session_id=session,
        rule_set="-".join(answers.values()),
        answers=[{"code": code, "answer": answer} for code, answer in answers.items()],
        decision="proceed",
        decided_by="d",
        decided_at=AT,
    )


def found(api: Api, query: str) -> list[str]:
    answer = api.get(f"/v1/screenings?{query}")
    assert answer.status_code == 200, answer.text
    return [screening["rule_set"] for screening in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "rule_sets"),
    [
        ("code=anticoagulant&answer=yes", ["yes-no"]),
        ("code=Blood%20thinners&answer=yes&answer=unknown", ["yes-no", "unknown-no"]),
        ("code=ANTICOAGULANT&answer=yes&answer=unknown&needled=true", ["yes-no"]),
        ("code=anticoagulant&answer=yes&answer=unknown&needled=false", ["unknown-no"]),
        ("code=anticoagulant&limit=200", ["yes-no", "no-yes", "unknown-no", "no-unknown"]),
        ("answer=unknown", ["unknown-no", "no-unknown"]),
        ("code=diabetes", []),
        ("needled=true", ["yes-no", "no-yes"]),
    ],
)
def test_screenings_are_found_by_one_answer_and_by_whether_the_visit_was_needled(
    asked: Api, query: str, rule_sets: list[str]
) -> None:
    assert found(asked, query) == rule_sets


def test_a_change_of_the_answers_is_found(asked: Api) -> None:
    [first] = asked.get("/v1/screenings?code=anticoagulant&answer=yes").json()["items"]
    now = [{"code": "antiplatelet", "answer": "yes"}]
    asked.change(first, "/v1/screenings", answers=now)
    assert found(asked, "code=anticoagulant&answer=yes") == []
    assert found(asked, "code=antiplatelet&answer=yes") == ["yes-no"]


def test_an_own_question_is_found_also_when_it_is_no_longer_asked(api: Api) -> None:
    term = api.create("/v1/contraindications", code="own_tattoo", name="Fresh tattoo")
    screen(api, api.session()["id"], **{"Fresh Tattoo": "yes"})
    api.change(term, "/v1/terms", status="inactive")
    assert found(api, "code=fresh-tattoo&answer=yes") == ["yes"]


def test_an_unknown_question_or_answer_is_refused_with_suggestions(api: Api) -> None:
    refused = api.get("/v1/screenings?code=anticoagulent")
    [error] = refused.json()["errors"]
    assert (error["pointer"], error["in"], error["code"]) == (
        "/code",
        "query",
        "unknown_contraindication",
    )
    assert error["suggestions"] == ["anticoagulant"]
    assert faults(api.get("/v1/screenings?answer=perhaps")) == {"/answer/0": "literal_error"}
    assert faults(api.get("/v1/screenings?needled=true&needled=false")) == {"/needled": "repeated"}
