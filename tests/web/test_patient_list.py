"""The list of patients: the last seen first, with what each of them needs next."""

import re

from fastapi import FastAPI

from app.core.values.access import Scope
from tests.ground import Api, Clinic
from tests.progress.charts import Chart, moment
from tests.web.console import Desk, rows, words

COUNTED = dict.fromkeys(("opened", "inserted", "removed", "disposed"), 2)


def seen(api: Api, name: str, *days: float) -> Chart:
    chart = Chart(api)
    person = api.get(f"/v1/patients/{chart.patient_id}").json()
    api.change(person, "/v1/patients", family_name=name)
    for day in days:
        chart.visit(day, 3, needle_count=COUNTED)
    return chart


def names(page: str) -> list[str]:
    return [row[0].split()[0] for row in rows(page, "data-patient")]


def test_the_patients_who_were_seen_last_stand_first(desk: Desk, api: Api) -> None:
    seen(api, "Long", 1, 2)
    seen(api, "Lately", 1, 90)
    seen(api, "Between", 40)
    never = seen(api, "Missed", 3)
    missed = never.missed(200, "no_show")
    assert missed["attendance"] == "no_show"
    api.patient(family_name="New", given_name=None)
    page = desk.get("/console").text
    assert names(page) == ["New", "Lately", "Between", "Missed", "Long"]
    found = {row[0].split()[0]: row[1] for row in rows(page, "data-patient")}
    assert found["New"] == "none yet"
    assert found["Lately"] == moment(90)[:10]


def test_a_void_visit_is_not_a_last_visit(desk: Desk, api: Api) -> None:
    one = seen(api, "One", 5)
    seen(api, "Other", 10)
    void = one.visit(50, 3)
    one.act(void, "void", {"reason": "Entered twice."})
    assert names(desk.get("/console").text) == ["Other", "One"]


def test_every_patient_stands_once_on_the_pages_of_the_list(desk: Desk, api: Api) -> None:
    for number in range(52):
        seen(api, f"Long{number:02}", *([number] if number % 2 else []))
    first = desk.get("/console").text
    way = re.search(r'href="(/console\?cursor=[^"]+)"', first)
    assert way is not None
    second = desk.get(way[1].replace("&amp;", "&")).text
    every = names(first) + names(second)
    assert len(every) == len(set(every)) == 52


def test_a_draft_to_sign_is_led_to_from_the_list(desk: Desk, api: Api) -> None:
    chart = seen(api, "Draft")
    first, second = (chart.visit(day, 3, needle_count=COUNTED) for day in (1, 2))
    page = desk.get("/console").text
    assert f'href="/console/sessions/{first["id"]}">2 drafts to sign' in page
    chart.act(first, "sign")
    page = desk.send("/console/search", q="draft").text
    assert f'href="/console/sessions/{second["id"]}">Draft to sign' in page
    chart.act(second, "sign")
    assert "to sign" not in words(desk.get("/console").text)


def test_whoever_may_not_read_sessions_learns_nothing_of_visits(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    seen(api, "Late", 90)
    seen(api, "Early", 1)
    less = Desk(app).let_in(clinic, {Scope.PATIENTS_READ, Scope.PROGRESS_READ})
    page = less.get("/console").text
    assert sorted(names(page)) == ["Early", "Late"]
    assert "Last visit" not in words(page)
    assert "to sign" not in words(page)
    assert "/console/sessions/" not in page
