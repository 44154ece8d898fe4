"""The patient's link for apps: `/r/{token}.json`."""

import json
import re

from app.core.values.clock import uuid7
from tests.house.tree import ROOT
from tests.web.patient.conftest import STRANGE, Link

PAGE = ROOT / "docs" / "patients-link.md"


def test_an_app_reads_the_state_and_answers_as_the_page_does(link: Link) -> None:
    told = link.wire.get(f"{link.path}.json").json()
    assert told["state"] == "open"
    assert told["words"]["red_flags"]["fainting"] == "Fainting"
    answer = link.send_by_app(
        soreness=3, none_of_these=False, red_flags=["fainting"], reported_by="patient"
    )
    assert answer.status_code == 200
    assert answer.json()["in_danger"]
    assert answer.json()["emergency_number"] == "911"
    [report] = link.reports()
    assert (report["soreness"], report["reported_by"]) == (3, "patient")
    assert link.wire.get(f"{link.path}.json").json()["state"] == "answered"


def test_a_fault_of_an_app_is_a_problem_with_every_pointer(link: Link) -> None:
    answer = link.wire.post(f"{link.path}.json", json={"submission": str(uuid7()), "x": 1})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {each["pointer"] for each in answer.json()["errors"]} == {
        "/soreness",
        "/red_flags",
        "/x",
    }


def test_an_app_learns_why_a_link_takes_no_answer(link: Link) -> None:
    link.wait(days=15)
    answer = link.send_by_app()
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/link-closed"
    assert answer.json()["state"] == "expired"
    unknown = link.wire.post(f"/r/{STRANGE}.json", json={})
    assert unknown.status_code == 404


def test_the_answer_that_the_documentation_shows_is_taken(link: Link) -> None:
    [shown] = re.findall("```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert link.wire.post(f"{link.path}.json", json=json.loads(shown)).status_code == 200
    [report] = link.reports()
    assert (report["comment"], report["bruising"]) == ("Better since noon.", False)


def test_an_app_that_reached_somebody_else_ends_the_link(link: Link) -> None:
    answer = link.wire.post(f"{link.path}.json", json={"reported_by": "not_me"})
    assert (answer.status_code, answer.json()["state"]) == (200, "not_me")
    assert link.wire.get(f"{link.path}.json").status_code == 404
