"""The style rules apply everywhere, and each exception gives its reason on its line."""

import re

from tests.house.tree import ROOT, place, python_files, text_lines

RULE = re.compile(r'^ *"[A-Z]+\d*",')
REASONED_RULE = re.compile(r'^ *"[A-Z]+\d*", +# \S.{9,}')
WAIVER = re.compile(r"# noq[a]\b")
REASONED_WAIVER = re.compile(r"# noq[a]: [A-Z]+\d+(, ?[A-Z]+\d+)* [-–] \S.{4,}")  # noqa: RUF001 - either dash
SWITCH = re.compile(r"^# (ruff|flake8|mypy): ")


def test_every_rule_that_is_off_says_why() -> None:
    off = [line for line in text_lines(ROOT / "pyproject.toml") if RULE.match(line)]
    assert off
    assert [line for line in off if not REASONED_RULE.match(line)] == []


def test_every_waiver_in_the_code_names_its_rule_and_says_why() -> None:
    waivers = {
        place(path, number): line
        for path in python_files()
        for number, line in enumerate(text_lines(path), 1)
        if WAIVER.search(line)
    }
    assert {at: line for at, line in waivers.items() if not REASONED_WAIVER.search(line)} == {}


def test_no_rule_is_off_for_a_whole_module() -> None:
    assert [
        place(path) for path in python_files() if any(map(SWITCH.match, text_lines(path)))
    ] == []
