"""Who answered an alert, when and how, on every page that shows it; and the page of one alert."""

import re
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import Client

from app.alerts import rules as alert_rules
from app.core.values.access import ROLES
from app.web.console import alert_pages
from tests.auth.local_provider import LocalProvider, link_person
from tests.ground import Api, Clinic
from tests.web.console import Desk, words
from tests.web.test_alerts import NOTE, alarmed, form_of, send
from tests.web.test_identity_provider import begin, come_back, serve_provider  # noqa: F401 - a fixture of ours, too


def noted(desk: Desk, alert: Any, **more: str) -> Any:
    page = f"/console/alerts/{alert['id']}"
    form = {"on_page": page, "written_by": desk.client_id, "back": "alert"} | more
    return desk.send(f"{page}/notes", None, patient_id=alert["patient_id"], **form)


def test_who_acknowledged_when_what_was_done_and_every_note_stand_wherever_the_alert_does(
    api: Api, desk: Desk
) -> None:
    alert = alarmed(api)
    assert send(desk, alert, form_of(alert, note="Breathes freely.")).is_redirect
    answer = noted(desk, alert, note="That was about <another>.")
    assert answer.headers["location"] == f"/console/alerts/{alert['id']}?said=noted"
    assert "The note was added." in words(desk.get(answer.headers["location"]).text)
    chart = f"/console/patients/{alert['patient_id']}"
    for place in (
        "/console/alerts?status=acknowledged",
        f"/console/alerts/{alert['id']}",
        chart,
        f"{chart}/timeline",
    ):
        page = words(desk.get(place).text)
        said = r"Acknowledged [-0-9]{10} [0-9:]{5} by test : called \. Breathes freely\."
        assert re.search(said, page), page
        assert re.search(r"[-0-9]{10} [0-9:]{5}, test : That was about <another>\.", page), page
    assert "Breathes freely." not in desk.get("/console/alerts").text


def test_a_practitioner_who_acknowledged_is_named_by_their_name(
    nobody: Desk, provider: LocalProvider, clinic: Clinic, api: Api
) -> None:
    dana = api.practitioner(given_name="Dana", family_name="Okafor")
    link_person(clinic, provider, UUID(dana["id"]))
    come_back(nobody, provider.back(begin(nobody)))
    alert = alarmed(api)
    assert send(nobody, alert, form_of(alert)).is_redirect
    for place in ("alerts?status=acknowledged", f"patients/{alert['patient_id']}"):
        assert "by Dana Okafor : called" in words(nobody.get(f"/console/{place}").text)


def test_the_list_of_acknowledged_alerts_is_shown_a_page_at_a_time_newest_first(
    api: Api, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_pages, "AT_ONCE", 2)
    some = [alarmed(api, flag=flag) for flag in ("fainting", "chest_pain", "dry_cough")]
    for alert in some:
        api.post(f"/v1/alerts/{alert['id']}/acknowledge", {"action": "seen"})
    place, seen = "/console/alerts?status=acknowledged", []
    while place:
        page = desk.get(place).text
        seen += re.findall(r'<article class="answered" aria-labelledby="alert-([^"]+)"', page)
        further = re.search(r'href="([^"]+cursor=[^"]+)"', page)
        place = unescape(further[1]) if further else ""
    assert seen == [alert["id"] for alert in reversed(some)]
    assert desk.get("/console/alerts?status=lost").status_code == 422


def test_a_note_of_the_greatest_length_may_have_lines(api: Api, desk: Desk) -> None:
    """A browser sends two characters for each line break. They count as one, and are stored so."""
    alert = alarmed(api)
    note = "Called.\n" * 499 + "Called.x"
    assert noted(desk, alert, note=note.replace("\n", "\r\n")).status_code == 303
    assert api.get(f"/v1/alerts/{alert['id']}").json()["notes"][0]["note"] == note


def test_an_empty_note_is_refused_and_one_too_many_too(
    api: Api, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert = alarmed(api)
    assert noted(desk, alert, note=" ").status_code == 422
    monkeypatch.setattr(alert_rules, "NOTES_MAX", 0)
    full = noted(desk, alert, note=NOTE)
    assert full.status_code == 409
    assert "Alert has all the notes that it can have" in words(full.text)
    assert "&lt;b&gt;&#34;Called&#34;&lt;/b&gt;</textarea>" in full.text


def test_alerts_say_of_which_session_and_report_they_are_to_those_who_may_read_them(
    app: FastAPI, wire: Client, api: Api, desk: Desk, clinic: Clinic
) -> None:
    del wire
    alert = alarmed(api)
    event = {"severity": "serious", "kind": "pneumothorax", "description": "x", "expected": False}
    event["causality"] = "possible"
    of = {"patient_id": alert["patient_id"], "occurred_at": "2025-11-03T10:00:00-08:00"}
    api.create("/v1/adverse-events", **event, **of)
    for place in ("alerts", f"alerts/{alert['id']}", f"patients/{alert['patient_id']}"):
        page = words(desk.get(f"/console/{place}").text)
        assert re.search(r"session of 2025-11-01 [0-9:]{5}, report of 2025-11-02 [0-9:]{5}\.", page)
    page = words(desk.get("/console/alerts").text)
    assert "pneumothorax (adverse event) of 2025-11-03" in page.lower()
    phone = Desk(app).let_in(clinic, ROLES["front-desk"])
    assert "2025-11" not in words(phone.get("/console/alerts").text)


def test_a_link_to_one_alert_survives_the_sign_in(
    app: FastAPI, wire: Client, api: Api, clinic: Clinic
) -> None:
    del wire
    place = f"/console/alerts/{alarmed(api)['id']}"
    late = Desk(app)
    asked = late.get(place)
    assert f'name="to" value="{place}"' in asked.text
    answer = late.sign_in(key=clinic.key(), to=place)
    assert answer.headers["location"] == place
    assert "Breathlessness" in late.get(place).text or "breathlessness" in late.get(place).text
