"""Two people change one record, and neither undoes what the other changed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.console.writing.fields import Field
from app.web.console.writing.merging import merged
from tests.ground import Api
from tests.web.console import Desk, rows, words
from tests.web.writing.logged import page, read, row
from tests.web.writing.sent import again, form_on, opened

pytestmark = pytest.mark.alike
NONE = "\u2013"
FIELDS = [
    Field("plan", "Plan", "text"),
    *(
        Field(f"needlings.{number}.{name}", name)
        for number in range(2)
        for name in ("muscle", "side", "ache")
    ),
]
NAMES = [field.name for field in FIELDS]
TEXTS = st.fixed_dictionaries(dict.fromkeys(NAMES, st.sampled_from(["", "1", "2"])))


@given(TEXTS, TEXTS)
def test_who_changed_nothing_gets_what_is_stored_and_is_told_of_it(
    before: dict[str, str], now: dict[str, str]
) -> None:
    found = merged(FIELDS, before, before, now)
    assert found.values == now
    assert found.differing == []
    assert {one[0].name for one in found.taken} == {n for n in NAMES if before[n] != now[n]}


@given(TEXTS, TEXTS, TEXTS)
def test_what_a_person_typed_stays_and_every_other_change_of_theirs_is_shown(
    before: dict[str, str], mine: dict[str, str], now: dict[str, str]
) -> None:
    found = merged(FIELDS, mine, before, now)
    shown = {one[0].name for one in found.differing} | {one[0].name for one in found.taken}
    for name in NAMES:
        if mine[name] != before[name]:
            assert found.values[name] == mine[name]
        assert found.values[name] in {mine[name], now[name]}
        assert (name in shown) == (mine[name] != now[name])


def test_a_row_that_is_about_another_muscle_now_is_not_mixed_with_what_was_typed() -> None:
    before = {"needlings.0.muscle": "A", "needlings.0.side": "left"}
    mine, now = before | {"needlings.0.ache": "5"}, before | {"needlings.0.muscle": "B"}
    found = merged(FIELDS, mine, before, now)
    assert found.values["needlings.0.muscle"] == "A"
    assert [field.name for field, *_ in found.differing] == [
        *("needlings.0.muscle", "needlings.0.ache"),
    ]


def test_storing_again_keeps_what_somebody_else_changed_in_other_fields(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    def needled(side: str) -> list[dict[str, Any]]:
        return [{"muscle": "soleus", "side": "left"}, {"muscle": "popliteus", "side": side}]

    session = api.session(**who, needlings=needled("left"), needle_count=None, plan="Weekly.")
    here = page(session, "edit")
    values = opened(desk, here)
    theirs = {"plan": "Monthly.", "technique": "trigger_point", "aftercare": ["heat"]}
    api.change(session, "/v1/sessions", **theirs, needlings=needled("right"))
    typed = {"note": "Mine.", "plan": "Mine, too.", **row(0, ache="5")}
    stale = again(desk, here, values, **typed)
    assert stale.status_code == 412
    assert rows(stale.text, "data-differing") == [
        ["Muscle 1: Ache, 0-10", "5", NONE],
        ["Note", "Mine.", NONE],
        ["Plan", "Mine, too.", "Monthly."],
    ]
    told = words(stale.text)
    for taken in ("Technique: Trigger point", "Muscle 2: Side: Right", "Aftercare: Heat"):
        assert taken in told
    done = again(desk, here, form_on(stale.text, here).values)
    assert done.status_code == 303, done.text
    after = read(api, session)
    assert (after["note"], after["plan"]) == ("Mine.", "Mine, too.")
    assert (after["technique"], after["aftercare"]) == ("trigger_point", ["heat"])
    assert [(one["side"], one["ache"]) for one in after["needlings"]] == [
        *(("left", 5), ("right", None)),
    ]


def test_a_form_with_a_fault_does_not_forget_with_which_version_it_was_opened(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    session = api.session(**who, plan="Weekly.")
    here = page(session, "edit")
    values = opened(desk, here)
    api.change(session, "/v1/sessions", plan="Monthly.")
    more = again(desk, here, values, note="Mine.", more_rows="needlings 14")
    held = form_on(more.text, here).values
    assert held["version"] == "1"
    assert again(desk, here, held).status_code == 412
