"""What a page says of a fault names no member of a body: it is said in words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic_core import to_json

from app.clinics.schemas import ClinicBody
from app.core.values.fault_codes import OF_TYPES, OWN
from app.core.values.problems import Invalid
from app.core.values.wire import Body, read
from app.episodes.schemas import EpisodeBody
from app.measurements.schemas import MeasurementBody
from app.patients.schemas import PatientBody
from app.safety.schemas import AdverseEventBody, ConsentBody, ScreeningBody
from app.sessions.schemas import AmendBody, SessionBody, SignBody, VoidBody
from app.web.console.fault_words import NONE, in_words
from app.web.console.wording import field_words

APP = Path(__file__).parents[2] / "app"
NO_FORM = {
    "clients": "keys of programs are made by programs and the command line",
    "transfer": "imports have no page",
    "ledger": "the account of the ledger has no form",
}
"""Packages whose faults no page shows, and why."""

MEMBER = re.compile(r"[a-z]+_[a-z_]+|`|\b[a-z]+\.\d|\binput\b|\bstring\b", re.IGNORECASE)
"""A member's name, a place in a body, or a word of programmers."""
BODIES = (
    *(PatientBody, EpisodeBody, SessionBody, ConsentBody, ScreeningBody, AdverseEventBody),
    *(MeasurementBody, AmendBody, SignBody, VoidBody, ClinicBody),
)
HOSTILE: tuple[object, ...] = (
    *("x", "", "L" * 5_000, "two words!", "2026-13-01", -1, 1e9, 2.5, True, [], {}),
    *([{}], ["x"], [["x"]] * 200, {"x": 1}, "9999-12-31T00:00:00Z", "2026-11-20T10:00:00"),
)


def details() -> Iterator[tuple[str, str]]:
    """Every text of a fault in the code, with its place."""
    for path in sorted(APP.rglob("*.py")):
        if path.relative_to(APP).parts[0] in NO_FORM:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = getattr(node, "func", None)
            name = getattr(called, "id", getattr(called, "attr", ""))
            # The first text of a fault is its place or its code, the last one its words.
            if isinstance(node, ast.Call) and name in {"Fault", "RuleBroken"} and node.args:
                for each in ast.walk(
                    node.args[min(2 if name == "Fault" else 1, len(node.args) - 1)]
                ):
                    if isinstance(each, ast.Constant) and isinstance(each.value, str):
                        yield f"{path.relative_to(APP)}:{each.lineno}", each.value


def test_the_words_of_our_own_rules_name_no_member() -> None:
    found = dict(details())
    assert len(found) > 100
    assert {place: text for place, text in found.items() if MEMBER.search(text)} == {}


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
def test_whatever_is_typed_a_page_says_what_is_wrong_in_words(body: type[Body]) -> None:
    said = set()
    for name in body.model_fields:
        for value in HOSTILE:
            try:
                read(body, to_json({name: value}))
            except Invalid as refused:
                for each in refused.members["errors"]:
                    said.add(in_words(each["code"], each["detail"], ZoneInfo("UTC")))
    assert {text for text in said if MEMBER.search(text)} == set()
    assert "This is needed." in said or body in {SignBody, ClinicBody}


@pytest.mark.parametrize("code", sorted({*OF_TYPES} - {"literal_error"}))
def test_every_type_of_pydantic_has_words(code: str) -> None:
    text = in_words(code, "Input should be at most 3 of some_member")
    assert text
    assert not MEMBER.search(text)


def test_instants_are_told_by_the_clinic_s_clock() -> None:
    detail = "This is ahead of the server's time, which is 2026-07-01T01:30:00Z."
    told = in_words("in_the_future", detail, ZoneInfo("America/Vancouver"))
    assert told.endswith("which is 2026-06-30 18:30.")
    assert in_words("literal_error", "Input should be 'left', 'side_lying' or 'x'") == (
        "Choose one of these: left, side lying, x."
    )
    assert in_words("uuid_version", "UUID version 4 expected") == NONE
    assert "blank" in OWN


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("/needlings/2/depth_mm", "Muscle 3, depth mm"),
        ("needlings.0.needle.lot", "Muscle 1, needle, lot"),
        ("needle_count.opened", "Needle count, opened"),
        ("practitioner_id", "Practitioner"),
        ("", "The form"),
    ],
)
def test_a_place_in_a_body_is_told_in_words(place: str, expected: str) -> None:
    assert field_words(place) == expected


def test_every_page_that_shows_faults_says_them_in_words() -> None:
    templates = (APP / "web/console/templates").rglob("*.html")
    raw = [path.name for path in templates if "error.detail" in path.read_text("utf-8")]
    assert raw == []
