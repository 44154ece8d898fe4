"""The answers to a questionnaire have a numbered box each, or are one line of numbers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.console.writing.answers import answers, each_box, in_boxes, number
from tests.ground import Api
from tests.web.console import Desk, words
from tests.web.writing.logged import log, new, only
from tests.web.writing.sent import again, form_on, opened

pytestmark = pytest.mark.alike
BOXES = {"more_rows": "boxes"}


def measured(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("/v1/measurements").json()["items"]
    return found


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("2 0 3 - 1", [2, 0, 3, None, 1]),
        ("2, 0, 3, -, 1", [2, 0, 3, None, 1]),
        ("3,2,2,1", [3, 2, 2, 1]),
        ("3;2", [3, 2]),
        ("3,-", [3, None]),
        ("\u22123 \u2013 \u2212", [-3, None, None]),
        ("2.5 1", [2.5, 1]),
        ("2,5 1", ["2,5", 1]),
        ("1 x 3", [1, "x", 3]),
        ("1..2", ["1..2"]),
    ],
)
def test_a_line_of_answers_is_read_as_written_and_nothing_is_guessed(
    typed: str, read: list[object]
) -> None:
    assert answers(typed) == read


def test_a_number_may_have_the_minus_of_a_telephone_and_a_decimal_comma() -> None:
    assert (number("\u22123"), number("\u20133"), number("2,5"), number("- 3")) == (
        *(-3, -3, 2.5),
        "- 3",
    )


@given(st.lists(st.none() | st.integers(-99, 99) | st.just(2.5), max_size=30))
def test_boxes_hold_the_answers_and_lose_only_missing_ones_at_the_end(given_: list[Any]) -> None:
    line = " ".join("-" if one is None else str(one) for one in given_)
    form = {f"items.{box}": text for box, text in enumerate(each_box(line, 30))}
    while given_ and given_[-1] is None:
        given_.pop()
    assert answers(in_boxes(form, "items") or "") == given_
    assert in_boxes({"items": line}, "items") is None


def test_a_questionnaire_of_a_measurement_has_numbered_boxes_and_a_slip_is_named(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    here = f"/console/patients/{who['patient_id']}/measurements/new"
    first = opened(desk, here)
    assert "items.0" not in first
    chosen = again(desk, here, first, instrument="ndi_pct", phase="between", **BOXES)
    assert "From 0 to 5" in words(chosen.text)
    form = form_on(chosen.text, here).values
    boxes = [f"items.{box}" for box in range(10)]
    assert [name for name in form if name.startswith("items")] == boxes
    filled = dict(zip(boxes, ("1", "2", "3", "", "5", "0", "1", "2", "3", "x"), strict=True))
    refused = again(desk, here, form | filled)
    assert refused.status_code == 422
    assert "Answer 10: Give a number." in words(refused.text)
    kept = form_on(refused.text, here).values
    assert {name: kept[name] for name in boxes} == filled
    assert measured(api) == []
    assert again(desk, here, kept | {"items.9": "4"}).status_code == 303
    [stored] = measured(api)
    assert stored["items"] == [1, 2, 3, None, 5, 0, 1, 2, 3, 4]
    edit = f"/console/measurements/{stored['id']}/edit"
    shown = opened(desk, edit)
    assert shown["items.3"] == ""
    assert shown["items.9"] == "4"
    assert again(desk, edit, shown).status_code == 303
    assert measured(api)[0]["version"] == stored["version"]
    mended = again(desk, edit, shown | {"items.9": "", "value": ""})
    assert mended.status_code == 303, mended.text
    assert measured(api)[0]["items"] == [1, 2, 3, None, 5, 0, 1, 2, 3]


def test_a_questionnaire_of_a_session_has_boxes_in_its_own_row(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    first = opened(desk, new(who)) | {"practitioner_id": who["practitioner_id"]}
    row = {"measurements__1__instrument": "quickdash", "measurements__1__phase": "before"}
    form = form_on(again(desk, new(who), first, **row, **BOXES).text, new(who)).values
    assert "measurements.0.items" in form
    boxes = {f"measurements.1.items.{box}": "2" for box in range(11)}
    assert boxes.keys() <= form.keys()
    assert again(desk, new(who), form | boxes).status_code == 303
    [measurement] = only(api)["measurements"]
    assert measurement["items"] == [2] * 11
    assert measurement["value"] == 25


def test_a_change_may_be_typed_with_a_telephone_s_minus(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    typed = {"instrument": "groc", "phase": "after", "value": "\u22123"}
    answer = log(desk, who, **{f"measurements__0__{name}": it for name, it in typed.items()})
    assert answer.status_code == 303, answer.text
    assert only(api)["measurements"][0]["value"] == -3
