"""The list of patients: the last seen first, with what each of them needs next."""

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event

from app.core.http.pages import Filters
from app.core.values.access import ROLES, Scope
from app.core.values.clock import uuid7
from app.web.console import due, routes
from tests.accounts.people import joined
from tests.ground import Api, Clinic
from tests.progress.charts import Chart, moment
from tests.web.console import Desk, rows, words
from tests.web.writing.sent import send

BY_STATE = (
    *("ix_sessions_status", "ix_alerts_status", "ix_asks_status"),
    "sqlite_autoindex_asks",
    "ix_consents_patient",
)
"""The indexes that find what is due. The number of an ask tells its time."""
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
    assert names(page) == ["Lately", "Between", "Missed", "Long", "New"]
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
    page = desk.get("/console").text
    assert "/console/sessions/" not in page
    assert "show=sign" in page


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


def followed(desk: Desk, page: str) -> str:
    """The next page of a list."""
    way = re.search(r'href="(/console\?[^"]*cursor=[^"]+)"', page)
    assert way is not None
    return desk.get(unescape(way[1])).text


def test_what_is_due_is_listed_across_pages_the_oldest_first(
    desk: Desk, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, old, done = seen(api, "New"), seen(api, "Old"), seen(api, "Done")
    old.visit(3, 3, needle_count=COUNTED)
    newer, last = (each.visit(80, 3, needle_count=COUNTED) for each in (new, done))
    done.act(last, "sign")
    api.patient(family_name="Unseen", given_name=None)
    monkeypatch.setattr(routes, "PATIENTS_AT_ONCE", 1)
    page = desk.get("/console?show=sign").text
    assert names(page) == ["Old"]
    assert "To sign 2" in words(page)
    assert "Drafts to sign 2" in words(page)
    page = followed(desk, page)
    assert names(page) == ["New"]
    assert "More patients" not in words(page)
    assert names(desk.get("/console?show=new").text) == ["Unseen"]
    assert "Nobody." in words(desk.get("/console?show=call").text)
    new.report(newer, 20, 4, red_flags=["fainting"])
    assert names(desk.get("/console?show=alert").text) == ["New"]
    assert "Open alert 1" in words(desk.get("/console").text)


def test_a_practitioner_is_led_to_their_own_drafts(app: FastAPI, clinic: Clinic, api: Api) -> None:
    mine, theirs = seen(api, "Mine", 2), seen(api, "Theirs", 3)
    body = {"role": "practitioner", "practitioner_id": mine.practitioner_id}
    dana = joined(app, clinic, api, **body).desk
    page = dana.get("/console").text
    assert "Yours to sign 1" in words(page)
    assert 'href="/console?show=mine"' in page
    assert names(dana.get("/console?show=mine").text) == ["Mine"]
    assert names(dana.get("/console?show=sign").text) == ["Mine", "Theirs"]
    assert theirs.practitioner_id != mine.practitioner_id


def test_a_list_of_what_one_may_not_read_is_refused(app: FastAPI, clinic: Clinic, api: Api) -> None:
    del api  # it starts the application
    fran = Desk(app).let_in(clinic, ROLES["front-desk"])
    page = fran.get("/console").text
    for show, status in {"sign": 403, "mine": 403, "new": 403, "call": 200, "x": 422}.items():
        assert fran.get(f"/console?show={show}").status_code == status
        assert (f'href="/console?show={show}"' in page) == (status == 200)


# PostgreSQL plans by its statistics.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_due_is_found_by_its_state(clinic: Clinic) -> None:
    """Practitioners and patients have far more visits than drafts."""
    plans: list[str] = []

    def note(_c: Any, cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.lstrip().startswith("SELECT") and "status" in statement:
            found = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            plans.extend(row[3] for row in found if "INDEX" in row[3])

    op = clinic.operation()
    op.caller = replace(op.caller, practitioner_id=uuid7())
    event.listen(clinic.database.engine, "after_cursor_execute", note)
    try:
        with clinic.database.reading(clinic.id) as db:
            op.begin(db)
            due.drafts(op)
            for show in ("mine", "sign", "call", "alert"):
                due.patients(op, show, Filters())
    finally:
        event.remove(clinic.database.engine, "after_cursor_execute", note)
    found = {plan.split("INDEX ")[1] for plan in plans}
    assert found >= {"ix_sessions_status (clinic_id=? AND status=?)"}
    assert {plan for plan in found if not plan.startswith(BY_STATE)} == set()


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
