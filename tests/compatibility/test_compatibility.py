"""Clients of the last release still work, or CHANGELOG.md says why not."""

import json

from tests.compatibility import BASELINE
from tests.compatibility.allowed import ALLOWED, Allowed, complaints
from tests.compatibility.rules import breaking, essence
from tests.house.tree import ROOT
from tests.sweeps.document import document


def test_clients_of_the_last_release_still_work() -> None:
    baseline = json.loads(BASELINE.read_text("utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    found = breaking(baseline, essence(document()))
    assert list(complaints(found, ALLOWED, changelog)) == []


def test_the_baseline_has_operations_and_schemas() -> None:
    baseline = json.loads(BASELINE.read_text("utf-8"))
    assert len(baseline["paths"]) > 40
    assert len(baseline["components"]["schemas"]) > 80


def test_an_allowance_has_a_finding_a_reason_and_a_line_in_the_changelog() -> None:
    good = Allowed("a: gone", "It was never used.", "`a` is gone")
    assert list(complaints(["a: gone"], [good], "- `a`\n  is gone.")) == []
    assert list(complaints(["a: gone", "b: gone"], [good], "`a` is gone")) == ["b: gone"]
    assert list(complaints([], [good], "`a` is gone")) == [
        "a: gone: this is allowed, but it is no change"
    ]
    assert list(complaints(["a: gone"], [good], "")) == ["a: gone: CHANGELOG.md doesn't tell of it"]
    assert list(complaints(["a: gone"], [good._replace(reason="")], "`a` is gone")) == [
        "a: gone: there is no reason"
    ]
