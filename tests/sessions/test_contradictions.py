"""A session that contradicts itself is refused, and the fault names the place."""

from typing import Any

import pytest

from tests.ground import Api
from tests.records.bodies import create, faults

N = "/needlings/0"
FINDING = {"sign": "taut_band", "segment": "C5", "side": "left"}


@pytest.mark.parametrize(
    ("place", "value", "found"),
    [
        (
            "/attendance",
            "declined",
            {"/needlings": "not_attended", "/needle_count": "not_attended"},
        ),
        (f"{N}/muscle", "multifidus_cervicis", {f"{N}/spinal_level": "spinal_level_missing"}),
        (f"{N}/spinal_level", "C5", {f"{N}/spinal_level": "spinal_level_forbidden"}),
        (f"{N}/needles", 5, {f"{N}/insertions": "fewer_insertions_than_needles"}),
        (f"{N}/stimulation", "electrical", {f"{N}/electrical": "electrical_missing"}),
        (f"{N}/electrical", {"hz": 1, "ma": 1}, {f"{N}/electrical": "not_electrical"}),
        (f"{N}/release", None, {f"{N}/release_after_s": "no_release"}),
        (f"{N}/sensations", ["none", "cramp"], {f"{N}/sensations": "none_and_more"}),
        ("/findings", [FINDING, None], {"/findings/1": "model_type"}),
        ("/findings", [{**FINDING, "grade": 1}, FINDING], {"/findings": "repeated"}),
    ],
)
def test_a_rule_that_spans_fields_is_kept_by_the_api(
    api: Api, place: str, value: Any, found: dict[str, str]
) -> None:
    assert faults(create(api, "session", (place, value))) == found


def test_a_paraspinal_muscle_is_recorded_with_its_level(api: Api) -> None:
    needling = {"muscle": "multifidus_cervicis", "side": "left", "spinal_level": "C5"}
    assert create(api, "session", ("/needlings", [needling])).status_code == 201


def test_the_same_sign_on_the_other_side_is_another_finding(api: Api) -> None:
    both = [FINDING, {**FINDING, "side": "right"}]
    assert create(api, "session", ("/findings", both)).status_code == 201
