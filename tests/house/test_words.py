"""Words that no file of this repository may contain.

The patterns are written so that they do not find themselves.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from tests.house.tree import ROOT, files, place, python_files, text_lines

UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X]|HAC[K])\b")
NOT_RUN = re.compile(r"mark\.(ski[p]|xfai[l])|\b((importor)?ski[p](if|Test)?|xfai[l])\(")
REGISTRY = re.compile(
    r"pyp[i]\.(org|io)|pythonhoste[d]\.org|registr[y]\.npmjs|npmj[s]\.(com|org)"
    r"|de[b]\.debian\.org|prox[y]\.golang\.org|--(extra-)?index-ur[l]|--find-link[s]"
)
MACHINE = re.compile(r"(?<![\w.])/(roo[t]|hom[e]|wor[k]|User[s]|op[t]/(?!venv))\b")


def places(pattern: re.Pattern[str], paths: Iterable[Path]) -> list[str]:
    """The places where the pattern matches."""
    return [
        place(path, number)
        for path in paths
        for number, line in enumerate(text_lines(path), 1)
        if pattern.search(line)
    ]


def test_no_file_has_a_to_do_note() -> None:
    assert places(UNFINISHED, files()) == []


def test_every_test_runs() -> None:
    tests = [path for path in python_files() if place(path).startswith("tests/")]
    assert places(NOT_RUN, tests) == []


def test_no_file_names_a_package_registry() -> None:
    assert places(REGISTRY, files()) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert places(MACHINE, files()) == []


def test_the_patterns_find_what_they_are_for() -> None:
    assert UNFINISHED.search("# TO" + "DO: later")
    assert REGISTRY.search("https://pypi" + ".org/simple")
    for line in (
        "@pytest.mark.sk" + "ip",
        "pytest.sk" + 'ip("no server")',
        "@pytest.mark.xf" + "ail",
    ):
        assert NOT_RUN.search(line)
    for path in ("/ro" + "ot/x", '"/ho' + 'me/me"', "cd /wo" + "rk"):
        assert MACHINE.search(path)
    assert ROOT.name
