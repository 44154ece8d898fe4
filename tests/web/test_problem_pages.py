"""Pages about problems say what a person can do, without words of the API."""

import re

import pytest
from fastapi import FastAPI

from app.core.http.rates import Rates
from app.core.values.problems import Forbidden, Problem, VersionStale, catalogue
from app.web.console.wording import duration, words_for
from tests.ground import Clinic
from tests.web.console import Desk, words

OF_THE_API = re.compile(
    r"`|\btoken|\bscopes?\b|If-Match|ETag|Idempotency|Retry-After|\bheader|\boperation\b|JSON"
    r"|\bbody\b|\bmethod\b|\brequests?\b|\bAPI\b|HTTP|\bclient\b|python -m|Malformed|Conflict$"
)
WITHOUT_A_PAGE = {
    *("chart-too-long", "consent-missing", "no-parquet", "no-research-key", "press-missing"),
    *("unprintable", "cursor-superseded", "no-key-to-rotate", "emergency-open", "not-migrated"),
    *("head-too-large", "id-taken", "identifier-taken", "key-reused", "still-running"),
    *("still-relied-on", "leaving", "not-ready-to-sign", "unauthenticated"),
    *("no-signing-key", "strange-signing-key", "not-acceptable"),
    *("ask-ended", "ask-not-sendable", "link-closed", "possible-duplicate"),
}
"""The codes of problems that no page or form of the console meets, or that have another page."""


def of(kind: type[Problem]) -> Problem:
    """A problem of this kind, whatever it needs to be raised."""
    problem = kind.__new__(kind)
    Problem.__init__(problem)
    problem.__dict__.setdefault("scope", None)
    return problem


def test_every_problem_that_has_a_page_is_in_words_for_people() -> None:
    shown = {kind.code: words_for(of(kind)) for kind in catalogue()}
    assert shown.keys() >= WITHOUT_A_PAGE
    technical = {code for code, said in shown.items() if OF_THE_API.search("\n".join(said))}
    assert technical - WITHOUT_A_PAGE == set()


def test_what_is_missing_and_what_is_said_in_particular_stands_on_the_page() -> None:
    assert "the right to read progress" in words_for(Forbidden(scope="progress:read")).detail
    assert words_for(Forbidden("Nobody may.")).detail == "Nobody may."
    assert "Somebody changed this" in words_for(VersionStale(current_version=3)).title


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "1 second"), (60, "60 seconds"), (120, "120 seconds"), (121, "3 minutes")],
)
def test_a_wait_is_said_in_seconds_or_in_minutes_that_are_enough(seconds: int, said: str) -> None:
    assert duration(seconds) == said


def test_the_page_about_too_many_tries_says_how_long_to_wait(
    app: FastAPI, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(app).let_in(clinic)
    monkeypatch.setitem(app.state._state, "rates", Rates(0))  # noqa: SLF001 - ends with the test
    answer = desk.get("/console")
    assert answer.status_code == 429
    said = words(answer.text)
    assert re.search(r"Try again in [0-9]+ seconds?\.", said)
    assert f"Number {answer.headers['x-request-id']}" in said
