"""The page of needle lots: who got one that is recalled, in whatever way it is written."""

import re

import pytest

from app.recall import queries
from tests.ground import Api
from tests.recall.test_recall import needled
from tests.web.console import Desk, words


def test_a_recalled_lot_leads_to_its_patients_and_a_mistyped_one_to_the_lot(
    desk: Desk, api: Api
) -> None:
    id_ = api.patient(given_name="Ana", family_name="Lopez", phone="+1 604 555 0100")["id"]
    needled(api, "L-77/B", patient_id=id_)
    needled(api, "Q1")
    start = words(desk.get("/console/lots").text)
    assert "Lots in use 2 L-77/B Q1" in start
    page = desk.get("/console/lots?lot=Lot+l77b").text
    for said in ("Counted as this lot: L-77/B", "Lopez, Ana", "+1 604 555 0100", "4 needles"):
        assert said in words(page), said
    assert 'href="tel:+16045550100"' in page
    empty = words(desk.get("/console/lots?lot=L78B").text)
    assert "Look whether one of these was meant: L-77/B" in empty
    assert "Lopez" not in empty


@pytest.mark.alike
def test_a_recall_is_one_whole_list_in_a_stated_order_with_the_lots_written_almost_alike(
    desk: Desk, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_AT_ONCE", 2)
    people = [api.patient(family_name=f"Number{n}")["id"] for n in range(5)]
    days = (3, 1, 5, 2, 4)
    for person, day in zip(people, days, strict=True):
        at = f"2026-03-0{day}T10:00:00-08:00"
        needled(api, "24-118", patient_id=person, occurred_at=at)
    needled(api, "LOT 24/118", patient_id=people[1], occurred_at="2026-03-06T10:00:00-08:00")
    needled(api, "24-181")
    answer = desk.get("/console/lots?lot=24118").text
    shown = words(answer)
    assert "5 patients, 6 visits, 24 needles." in shown
    assert "Whoever got it last stands first." in shown
    assert re.findall(r"Number(\d)", shown) == ["1", "2", "4", "0", "3"]
    assert "Dana Demo" in shown
    near = shown[shown.index("Lots written almost like this") :]
    assert "24-181" in near
    assert "24-118" not in near
    assert '<div class="running"><p><strong>Needle lots: 24118</strong>' in answer
    assert "Test clinic · as of 20" in shown
    every = words(desk.get("/console/lots").text)
    assert "Lots in use 2" in every
    assert "24-118 also written LOT 24/118" in every or "LOT 24/118 also written 24-118" in every


def test_who_has_died_is_marked_wherever_people_are_listed_to_be_called(
    desk: Desk, api: Api
) -> None:
    gone = api.patient(family_name="Lopez", deceased_on="2026-03-09")["id"]
    session = needled(api, "24-118", patient_id=gone, occurred_at="2026-03-01T10:00:00-08:00")
    said = {"reported_at": "2026-03-02T10:00:00-08:00", "soreness": 4, "red_flags": ["fainting"]}
    api.create(f"/v1/sessions/{session['id']}/follow-ups", **said)
    for place in ("", "/lots?lot=24118", "/alerts"):
        page = words(desk.get(f"/console{place}").text)
        assert page.count("died 2026-03-09") == 1, place
