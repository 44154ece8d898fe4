"""The list of patients: the last seen first, with what each of them needs next."""

import re

from fastapi import FastAPI

from app.core.values.access import ROLES, Scope
from tests.ground import Api, Clinic
from tests.progress.charts import Chart, moment
from tests.web.console import Desk, rows, words
from tests.web.writing.sent import send

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


def test_the_front_desk_opens_a_patient_and_mends_a_number(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    known = [{"system": "emr", "value": "C-1005"}]
    told = {"given_name": "Ana", "phone": "604 555 0100", "email": "ana@example.org"}
    patient = api.patient(**told, birth_date="1988-04-12", identifiers=known)["id"]
    desk = Desk(app).let_in(clinic, ROLES["front-desk"])
    details = f"/console/patients/{patient}/details"
    assert f'href="{details}"' in desk.get("/console").text
    page = desk.get(details).text
    for said in ("604 555 0100", "ana@example.org", "1988-04-12", "C-1005"):
        assert said in page
    assert desk.get(f"/console/patients/{patient}").status_code == 403
    edited = send(desk, f"/console/patients/{patient}/edit", phone="604 555 0199")
    assert edited.headers["location"] == f"{details}?said=stored"
    assert "604 555 0199" in desk.get(details).text
    added = send(desk, "/console/patients/new", given_name="Bo", family_name="Quist")
    after = desk.get(added.headers["location"]).text
    assert "Stored." in after
    assert "Bo Quist" in words(after)


def test_the_front_desk_finds_patients_in_the_order_of_names(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    for number in reversed(range(51)):
        api.patient(family_name=f"Name{number:02}", given_name="A" if number % 2 else None)
    desk = Desk(app).let_in(clinic, ROLES["front-desk"])
    first = desk.get("/console").text
    way = re.search(r'href="(/console\?cursor=[^"]+)"', first)
    assert way is not None
    second = desk.get(way[1].replace("&amp;", "&")).text
    listed = [name.rstrip(",") for name in names(first) + names(second)]
    assert listed == [f"Name{number:02}" for number in range(51)]
