"""What was typed into a form is never lost, and never shown to somebody else."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
import time_machine
from httpx2 import Response

from app.core.values.access import Scope
from app.core.values.clock import now
from app.web.console.kept import TEXT_MAX
from tests.ground import Clinic
from tests.web.console import Desk, words

TEMPLATES = Path("app/web/console/templates")
WITHOUT_TEXT = {
    *("bar.html", "came_back.html", "join.html", "problem.html", "sign_in.html"),
}
"""Templates whose forms are of nobody who is signed in, or hold what is kept already."""
TYPED = 'Ann "O\'Brien" <b> Łódź & Søn'
SEARCH = "/console/search"


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return unescape(found[1])


def filled(page: str) -> str:
    """What the search form holds."""
    found = re.search(r'<input id="q"[^>]* value="([^"]*)"', page)
    assert found
    return unescape(found[1])


def form_of(desk: Desk, text: str = TYPED) -> dict[str, str]:
    page = desk.get("/console").text
    return {name: hidden(page, name) for name in ("on_page", "written_by")} | {"q": text}


def timed_out(desk: Desk, form: dict[str, str]) -> Response:
    """Send a form after the sign-in has ended; the sign-in page."""
    with time_machine.travel(now() + timedelta(minutes=31), tick=True):
        answer = desk.send(SEARCH, None, **form)
    assert answer.status_code == 401
    return answer


@pytest.fixture(name="key")
def one_key(clinic: Clinic) -> str:
    return clinic.key()


@pytest.fixture(name="robin")
def signed_in_with_that_key(nobody: Desk, key: str) -> Desk:
    assert nobody.sign_in(key=key).status_code == 303
    return nobody


def test_a_timed_out_sign_in_gives_the_form_back_to_the_same_person(robin: Desk, key: str) -> None:
    answer = timed_out(robin, form_of(robin))
    assert "What you typed is in this page" in words(answer.text)
    again = robin.sign_in(key=key, kept=hidden(answer.text, "kept"))
    assert again.status_code == 200
    assert "set-cookie" in again.headers
    assert again.headers["cache-control"] == "no-store"
    assert filled(again.text) == TYPED
    assert "What you typed is back" in words(again.text)
    assert robin.get("/console").status_code == 200
    assert filled(robin.get("/console").text) == ""  # the server has stored nothing


def test_a_wrong_password_does_not_lose_it_either(robin: Desk, key: str) -> None:
    answer = timed_out(robin, form_of(robin))
    for _ in range(2):
        answer = robin.sign_in(key="nw_wrong", kept=hidden(answer.text, "kept"))
        assert answer.status_code == 403
    again = robin.sign_in(key=key, kept=hidden(answer.text, "kept"))
    assert filled(again.text) == TYPED


def test_somebody_else_who_signs_in_does_not_see_it(robin: Desk, clinic: Clinic, key: str) -> None:
    answer = timed_out(robin, form_of(robin))
    theirs = robin.sign_in(key=clinic.key(), kept=hidden(answer.text, "kept"))
    assert theirs.status_code == 200
    assert filled(theirs.text) == ""
    assert "Somebody else typed a text" in theirs.text
    assert "Łódź" not in unescape(theirs.text)
    # The page before has it still: it is for whoever typed it, in the same browser.
    assert filled(robin.sign_in(key=key, kept=hidden(answer.text, "kept")).text) == TYPED


def test_the_page_of_the_form_opens_only_for_those_who_may_open_it(
    robin: Desk, clinic: Clinic
) -> None:
    answer = timed_out(robin, form_of(robin))
    kept = hidden(answer.text, "kept")
    theirs = robin.sign_in(key=clinic.key([Scope.MUSCLES_READ]), kept=kept)
    assert theirs.status_code == 403
    assert "set-cookie" in theirs.headers
    assert "Łódź" not in unescape(theirs.text)


def test_after_signing_in_in_another_tab_the_form_goes_on(robin: Desk, key: str) -> None:
    answer = timed_out(robin, form_of(robin))
    kept = hidden(answer.text, "kept")
    robin.wire.cookies.clear()
    early = robin.send("/console/kept", kept=kept)
    assert early.status_code == 401
    assert hidden(early.text, "kept") == kept
    assert robin.sign_in(key=key).status_code == 303
    assert filled(robin.send("/console/kept", kept=kept).text) == TYPED


def test_a_search_that_is_refused_says_why_beside_what_was_typed(robin: Desk) -> None:
    answer = robin.send(SEARCH, None, **form_of(robin, "x" * 5_000))
    assert answer.status_code == 422
    assert filled(answer.text) == "x" * 5_000
    assert "Give at most 100 characters." in words(answer.text)


def test_more_than_can_be_kept_is_refused_and_not_cut(robin: Desk) -> None:
    form = form_of(robin, "x" * TEXT_MAX)
    with time_machine.travel(now() + timedelta(minutes=31), tick=True):
        assert robin.send(SEARCH, None, **form).status_code == 413


@pytest.mark.alike
@pytest.mark.parametrize(
    "kept",
    [
        "",
        "x",
        "[]",
        "{}",
        '["/console/search"]',
        '["/console/search", [["on_page"]]]',
        '["/console/search", [["on_page", 1]]]',
        '["/console/search", [["on_page", "https://elsewhere.example"]]]',
        '["/console/search", [["on_page", "/v1/patients"]]]',
        '["/console/search", [["on_page", "/console/../v1"]]]',
        '["https://elsewhere.example", [["on_page", "/console"]]]',
        "[" * 3_000,
    ],
)
def test_what_makes_no_sense_leads_to_the_first_page(robin: Desk, kept: str) -> None:
    answer = robin.send("/console/kept", kept=kept)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")


@pytest.mark.alike
@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_site_can_put_no_text_into_a_form(
    robin: Desk, headers: dict[str, str], key: str
) -> None:
    kept = '["/console/search", [["on_page", "/console"], ["q", "evil"]]]'
    for place, form in (("kept", {}), ("sign-in", {"key": key})):
        answer = robin.send(f"/console/{place}", headers, kept=kept, **form)
        assert answer.status_code == 403
        assert "evil" not in answer.text
    answer = robin.send(SEARCH, headers, on_page="/console", q="evil")
    assert answer.status_code == 403
    assert "evil" not in answer.text


@pytest.mark.alike
def test_a_typed_text_is_in_no_log(
    robin: Desk, key: str, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = timed_out(robin, form_of(robin, "canary-text"))
    robin.sign_in(key=key, kept=hidden(answer.text, "kept"))
    seen = capfd.readouterr()
    assert "canary-text" not in seen.out + seen.err


def test_every_form_that_a_person_fills_in_says_where_it_belongs() -> None:
    for template in TEMPLATES.glob("*.html"):
        text = template.read_text("utf-8")
        forms = re.findall(r'<form method="post".*?</form>', text, re.DOTALL)
        if template.name not in WITHOUT_TEXT:
            assert all("forms.bearings(" in form for form in forms), template.name


def test_a_form_of_a_page_that_is_not_there_signs_in_and_leads_to_the_first_page(
    robin: Desk, key: str
) -> None:
    """Such as after an upgrade."""
    kept = f'["/console/search", [["on_page", "/console/patients/{"-" * 36}"], ["q", "x"]]]'
    answer = robin.sign_in(key=key, kept=kept)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    assert "set-cookie" in answer.headers
    assert robin.get("/console").status_code == 200
    assert robin.send("/console/kept", kept=kept).headers["location"] == "/console"
