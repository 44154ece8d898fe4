"""One visit has one draft, whether it begins with a screening, a copy or an empty form."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from app.core.values.clock import now
from app.web.console.writing.fields import read_fields, texts
from app.web.console.writing.session_fields import (
    Offered,
    sections,
    with_needle,
    with_one_needle,
)
from tests.accounts.people import joined
from tests.ground import Api, Clinic
from tests.web.console import Desk, words
from tests.web.writing.logged import new, page, read, row
from tests.web.writing.sent import again, form_on, opened, send

pytestmark = pytest.mark.alike
COUNT = dict.fromkeys(("opened", "inserted", "removed", "disposed"), 1)


def seen(api: Api, who: dict[str, str], days: int = 14) -> dict[str, Any]:
    """A visit of two weeks ago, with a needle and a plan."""
    needle = {"diameter_mm": 0.3, "length_mm": 40, "lot": None}
    return api.session(
        **who,
        occurred_at=(now() - timedelta(days=days)).isoformat(),
        needlings=[{"muscle": "infraspinatus", "side": "left", "needle": needle}],
        needle_count=COUNT,
        plan="Add levator.",
    )


def screened(desk: Desk, who: dict[str, str]) -> str:
    """Screen before the session, and return the page that follows."""
    here = f"/console/patients/{who['patient_id']}/screenings/new"
    by = {"practitioner_id": who["practitioner_id"]}
    answer = send(desk, here, **by, decision="proceed", answers__0__answer="no")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def drafts(api: Api) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = api.get("/v1/sessions").json()["items"]
    return [one for one in listed if not one["plan"]]


def test_a_screening_s_draft_is_gone_on_with_by_every_road(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    last = seen(api, who)
    early = opened(desk, new(who))
    here = screened(desk, who)
    assert desk.get(new(who)).headers["location"] == f"{here}?said=begun"
    assert desk.get(new(who, "repeat")).headers["location"] == f"{here}?said=begun&repeat=yes"
    form = desk.get(here).text
    told = words(form)
    assert "Planned at the last visit" in told
    assert "Add levator." in told
    assert f'href="{here}?repeat=yes"' in form
    assert f'href="/console/patients/{who["patient_id"]}"' in form
    by = {"practitioner_id": who["practitioner_id"]}
    # A form that was opened before the screening fills the same draft.
    assert again(desk, new(who), early, **by, duration_min="30").status_code == 303
    shown = desk.get(f"{here}?repeat=yes").text
    copied = form_on(shown, here).values
    assert copied["needlings.0.muscle"] == "Infraspinatus"
    assert copied["every_needle.length_mm"] == "40"
    assert again(desk, here, copied).status_code == 303
    [draft] = drafts(api)
    assert draft["needlings"][0]["needle"] == last["needlings"][0]["needle"]
    assert draft["duration_min"] == 30
    another = new(who, "another")
    evening = {**by, "note": "In the evening.", "seen": draft["id"]}
    assert send(desk, another, **evening).status_code == 303
    assert len(drafts(api)) == 2


def test_a_draft_without_anything_is_no_last_visit_and_counts_nowhere_on_the_chart(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    seen(api, who)
    here = screened(desk, who)
    chart = desk.get(f"/console/patients/{who['patient_id']}").text
    told = words(chart)
    last = told[told.index("Last visit:") :]
    assert "Plan Add levator." in last
    assert "A draft of today is begun" in told
    assert f'href="{here}"' in chart
    assert "1 attended" in told
    assert "1 draft that is still empty, not counted" in told
    progress = api.get(f"/v1/patients/{who['patient_id']}/progress").json()
    assert progress["sessions"]["attended"] == 2, "the API counts drafts, and marks them"
    other = {"patient_id": api.patient()["id"], "practitioner_id": who["practitioner_id"]}
    old = (now() - timedelta(days=3)).isoformat()
    api.session(**other, occurred_at=old, needlings=[], needle_count=None, measurements=[])
    page_ = words(desk.get(f"/console/patients/{other['patient_id']}").text)
    assert "There was no visit yet." in page_
    assert "A draft of today is begun" not in page_


def test_repeat_is_offered_only_where_something_was_needled(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    chart = f"/console/patients/{who['patient_id']}"
    assert "Repeat the last session" not in desk.get(chart).text
    assert "Take over muscles" not in desk.get(screened(desk, who)).text
    seen(api, who)
    assert "Repeat the last session" in desk.get(chart).text


def test_a_draft_that_is_edited_has_one_needle_for_all_its_muscles(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    here = screened(desk, who)
    needle = {"every_needle__diameter_mm": "0.3", "every_needle__length_mm": "40"}
    rows = row(0, muscle="infra L") | row(1, muscle="supra L", needle__length_mm="25")
    assert send(desk, here, **rows, **needle, every_needle__lot="L7").status_code == 303
    [draft] = drafts(api)
    assert [one["needle"] for one in draft["needlings"]] == [
        {"diameter_mm": 0.3, "length_mm": 40, "lot": "L7"},
        {"diameter_mm": 0.3, "length_mm": 25, "lot": None},
    ]
    assert send(desk, page(draft, "edit")).status_code == 303
    assert read(api, draft) == draft, "what is sent back unchanged stays as it is"
    again_ = opened(desk, page(draft, "edit"))
    assert (again_["every_needle.lot"], again_["needlings.0.needle.lot"]) == ("L7", "")
    wrong = again(desk, page(draft, "edit"), again_, every_needle__lot="L" * 300)
    assert form_on(wrong.text, page(draft, "edit")).wrong == {"every_needle.lot"}
    assert again(desk, page(draft, "edit"), again_, every_needle__lot="L8").status_code == 303
    assert [one["needle"]["lot"] for one in read(api, draft)["needlings"]] == ["L8", None]


SIZES = st.sampled_from([None, 0.25, 0.3])
NEEDLES = st.fixed_dictionaries(
    {"diameter_mm": SIZES, "length_mm": st.sampled_from([None, 25, 40])},
    optional={"lot": st.sampled_from([None, "A", "B"])},
)


@given(st.lists(NEEDLES, min_size=1, max_size=5))
def test_the_needle_of_all_muscles_gives_each_row_the_needle_that_it_had(
    needles: list[dict[str, Any]],
) -> None:
    stored = [{"muscle": "infraspinatus", "side": "left", "needle": one} for one in needles]
    shown = sections(Offered(), {"needlings": len(stored)}, one_needle=True)
    fields = [field for section in shown for field in section.every]
    view: dict[str, Any] = {"measurements": [], "findings": [], "identifiers": []}
    view["needlings"] = stored
    form = with_one_needle(texts(fields, view, UTC), len(stored))
    [*rows] = with_needle(read_fields(fields, form, UTC).members)["needlings"]
    held = [{k: v for k, v in one.get("needle", {}).items() if v is not None} for one in rows]
    assert held == [{k: v for k, v in one.items() if v is not None} for one in needles]


def test_the_clinic_s_day_decides_what_is_of_today(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    at = datetime(2026, 11, 1, 20, tzinfo=UTC)
    old = api.session(
        **who, occurred_at=at.isoformat(), needlings=[], needle_count=None, measurements=[]
    )
    assert desk.get(new(who)).status_code == 200
    typed = {"occurred_at": "2026-11-01T13:30", "practitioner_id": who["practitioner_id"]}
    assert send(desk, new(who), **typed, note="Of that visit.").status_code == 303
    assert read(api, old)["note"] == "Of that visit."


def test_a_screening_opened_before_another_draft_asks_which_one_it_belongs_to(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    here = f"/console/patients/{who['patient_id']}/screenings/new"
    early = opened(desk, here)
    screened(desk, who)
    [draft] = drafts(api)
    by = {"practitioner_id": who["practitioner_id"], "decision": "proceed"}
    answer = again(desk, here, early, **by, answers__1__answer="yes", answers__1__detail="Mild")
    assert answer.status_code == 422
    form = form_on(answer.text, here)
    assert form.wrong == {"session_id"}
    assert "was begun after you opened this form" in words(answer.text)
    assert form.values["answers.1.detail"] == "Mild"
    assert len(drafts(api)) == 1
    chosen = again(desk, here, form.values, answers__1__answer="yes", session_id=draft["id"])
    assert chosen.status_code == 303, chosen.text
    assert len(drafts(api)) == 1
    assert again(desk, here, form.values, answers__1__answer="yes").status_code == 303
    assert len(drafts(api)) == 2, "whoever asks again for a new draft gets one"


def test_the_technique_of_the_last_session_is_chosen_in_the_form_and_the_form_says_so(
    app: FastAPI, clinic: Clinic, api: Api, who: dict[str, str]
) -> None:
    by = {"role": "practitioner", "practitioner_id": who["practitioner_id"]}
    desk = joined(app, clinic, api, **by).desk
    told = "That of your last session is chosen"
    first = desk.get(new(who)).text
    assert told not in words(first)
    assert form_on(first, new(who)).values["technique"] == ""
    mine = who["practitioner_id"]
    other = {"patient_id": api.patient()["id"], "practitioner_id": mine}
    api.session(**other, technique="gunn_ims", occurred_at=(now() - timedelta(days=2)).isoformat())
    shown = desk.get(new(who)).text
    assert told in words(shown)
    assert form_on(shown, new(who)).values["technique"] == "gunn_ims"
    here = screened(desk, who)
    [draft] = [one for one in drafts(api) if one["patient_id"] == who["patient_id"]]
    assert draft["technique"] is None, "nothing is stored that nobody has seen"
    edited = desk.get(here).text
    assert told in words(edited)
    assert again(desk, here, form_on(edited, here).values, note="Deep.").status_code == 303
    assert read(api, draft)["technique"] == "gunn_ims"
    assert told not in words(desk.get(here).text)
