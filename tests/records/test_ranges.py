"""Every number, text and list has the limits of the API description."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from app.core.values.text import nfc, one_line
from app.core.values.wire import TEXT_MAX
from tests.ground import Api
from tests.records.bodies import create, faults, take

N = "/needlings/0"
ELECTRICAL = [(f"{N}/stimulation", "electrical"), (f"{N}/electrical", {"hz": 2, "ma": 1})]
MANY = [(f"{N}/insertions", 500)]
ONE = [(f"{N}/needles", 1)]


class Range(NamedTuple):
    """A number in the API description."""

    kind: str
    place: str
    least: float
    greatest: float
    step: float = 1
    needs: Sequence[tuple[str, Any]] = ()


RANGES = [
    Range("episode", "/plan/sessions", 1, 200),
    Range("episode", "/plan/per_week", 0.1, 14, 0.05),
    Range("session", "/duration_min", 1, 480),
    Range("session", f"{N}/needle/diameter_mm", 0.1, 1, 0.01),
    Range("session", f"{N}/needle/length_mm", 5, 150, 0.5),
    Range("session", f"{N}/needles", 1, 50, 1, MANY),
    Range("session", f"{N}/insertions", 1, 500, 1, ONE),
    Range("session", f"{N}/depth_mm", 1, 150),
    Range("session", f"{N}/electrical/hz", 0.0001, 250, 0.0001, ELECTRICAL),
    Range("session", f"{N}/electrical/ma", 0.0001, 100, 0.0001, ELECTRICAL),
    Range("session", f"{N}/retention_s", 0, 7_200),
    Range("session", f"{N}/twitches", 0, 200),
    Range("session", f"{N}/ache", 0, 10),
    Range("session", f"{N}/sharp", 0, 10),
    Range("session", f"{N}/release_after_s", 0, 7_200),
    Range("session", "/findings/0/grade", 0, 3),
    Range("session", "/measurements/0/value", 0, 10, 0.1),
    Range("session", "/needle_count/opened", 0, 1_000),
    Range("session", "/needle_count/inserted", 0, 1_000),
    Range("session", "/needle_count/removed", 0, 1_000),
    Range("session", "/needle_count/disposed", 0, 1_000),
    Range("follow-up", "/soreness", 0, 10, 1, [("/worst_soreness", None)]),
    Range("follow-up", "/worst_soreness", 0, 10, 1, [("/soreness", 0)]),
    Range("follow-up", "/interference", 0, 10),
    Range("measurement", "/value", 0, 10, 0.1),
]


@pytest.mark.parametrize("number", RANGES, ids=lambda r: f"{r.kind}{r.place}")
def test_a_number_is_accepted_up_to_its_limits_and_not_beyond(api: Api, number: Range) -> None:
    kind, place, least, greatest, step, needs = number
    for good in (least, greatest):
        answer = create(api, kind, *needs, (place, good))
        assert answer.status_code == 201, answer.text
        assert take(answer.json(), place) == good
    for bad in (least - step, greatest + step, "1", True, [1]):
        refused = create(api, kind, *needs, (place, bad))
        assert place in faults(refused), refused.text


@pytest.mark.alike
@pytest.mark.parametrize(
    ("kind", "place"),
    [(r.kind, r.place) for r in RANGES if r.least % 1 == 0 and r.step == 1],
)
def test_a_count_must_be_an_integer(api: Api, kind: str, place: str) -> None:
    assert place in faults(create(api, kind, (place, 1.5)))


LINES = [
    ("patient", "/given_name", 1, 200),
    ("patient", "/family_name", 1, 200),
    ("patient", "/phone", 3, 40),
    ("patient", "/identifiers/0/system", 1, 200),
    ("patient", "/identifiers/0/value", 1, 200),
    ("practitioner", "/given_name", 1, 200),
    ("practitioner", "/family_name", 1, 200),
    ("practitioner", "/credentials/0/body", 1, 200),
    ("practitioner", "/credentials/0/number", 1, 200),
    ("episode", "/complaint", 1, 4_000),
    ("episode", "/close_reason", 0, 4_000),
    ("episode", "/goals/0", 1, 200),
    ("episode", "/diagnoses/0/system", 1, 200),
    ("episode", "/diagnoses/0/code", 1, 200),
    ("episode", "/diagnoses/0/display", 1, 200),
    ("session", "/setting", 1, 200),
    ("session", "/note", 0, 4_000),
    ("session", "/plan", 0, 4_000),
    ("session", f"{N}/stopped_for", 1, 200),
    ("session", f"{N}/needle/lot", 1, 200),
    ("session", "/measurements/1/activity", 1, 200),
    ("session", "/needle_count/mismatch_reason", 1, 200),
    ("follow-up", "/comment", 0, 4_000),
    ("consent", "/patient_specific_risks", 0, 4_000),
    ("consent", "/alternatives_discussed", 0, 4_000),
    ("consent", "/given_by", 1, 200),
    ("consent", "/obtained_by", 1, 200),
    ("screening", "/rule_set", 1, 200),
    ("screening", "/decided_by", 1, 200),
    ("screening", "/answers/0/detail", 0, 4_000),
    ("screening", "/override_reason", 0, 4_000),
    ("adverse event", "/action", 0, 4_000),
    ("adverse event", "/outcome", 0, 4_000),
    ("adverse event", "/description", 1, 4_000),
]


@pytest.mark.parametrize(("kind", "place", "least", "most"), LINES)
def test_a_text_is_stored_as_it_looks_or_refused(
    api: Api, kind: str, place: str, least: int, most: int
) -> None:
    """Characters are counted, not bytes, and nothing that is seen is cut or changed."""
    stored = nfc if most == TEXT_MAX else one_line
    for length in (least, most):
        text = ("\U0001f489 \u00e9e\u0301\n\u200f" * most)[:length]
        answer = create(api, kind, (place, text))
        assert answer.status_code == 201, answer.text
        assert take(api.get(answer.headers["location"]).json(), place) == stored(text)
    for length in {least - 1, most + 1} - {-1}:
        assert place in faults(create(api, kind, (place, "\U0001f489" * length)))


def needling(n: int) -> dict[str, Any]:
    return {"muscle": "infraspinatus", "side": "left", "ache": n % 11}


def finding(n: int) -> dict[str, Any]:
    signs = ("tenderness", "matchstick", "coldness", "sweating")
    level = f"C{n // 12 % 8 + 1}" if n < 96 else "T1"
    side = ("left", "right", "midline")[n // 4 % 3]
    return {"sign": signs[n % 4], "segment": level, "side": side, "grade": None}


LISTS: list[tuple[str, str, int, Any]] = [
    ("patient", "/identifiers", 20, lambda n: {"system": "s", "value": f"v{n}"}),
    ("practitioner", "/identifiers", 20, lambda n: {"system": "s", "value": f"v{n}"}),
    (
        "practitioner",
        "/credentials",
        20,
        lambda n: {"kind": "gunn_ims", "body": "b", "number": str(n), "valid_from": "2020-01-01"},
    ),
    ("episode", "/diagnoses", 20, lambda n: {"system": "icd-10", "code": str(n)}),
    ("episode", "/red_flags", 20, lambda n: f"flag_{n}"),
    ("episode", "/goals", 20, lambda n: f"goal {n}"),
    ("session", "/needlings", 60, needling),
    ("session", "/findings", 100, finding),
    (
        "session",
        "/measurements",
        100,
        lambda n: {"phase": "before", "instrument": "psfs", "activity": f"a{n}", "value": 1},
    ),
    ("session", "/co_interventions", 30, lambda _: "stretching"),
    ("session", "/aftercare", 30, lambda _: "heat"),
    ("consent", "/risks_disclosed", 60, lambda n: f"risk_{n}"),
    ("screening", "/answers", 60, lambda n: {"code": "other", "answer": "no", "detail": f"{n}"}),
]


@pytest.mark.parametrize(
    ("kind", "place", "most", "item"), LISTS, ids=[f"{e[0]}{e[1]}" for e in LISTS]
)
def test_a_list_is_stored_completely_or_refused(
    api: Api, kind: str, place: str, most: int, item: Any
) -> None:
    items = [item(n) for n in range(most + 1)]
    for length in (0, most):
        answer = create(api, kind, (place, items[:length]))
        assert answer.status_code == 201, answer.text
        kept = take(api.get(answer.headers["location"]).json(), place)
        assert len(kept) == length
        for sent, stored in zip(items, kept, strict=False):
            assert stored == sent if isinstance(sent, str) else stored.items() >= sent.items()
    assert place in faults(create(api, kind, (place, items)))
