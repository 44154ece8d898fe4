"""Alerts in the console: seen on every page, found without scrolling, acknowledged in a form."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Client
from playwright.sync_api import Browser, Page, expect

from app.core.values.access import ROLES, Scope
from app.core.values.clock import uuid7
from app.deliveries.courier import deliver_in
from tests.clinics.test_clinic import change
from tests.deliveries.mailbox import mailing
from tests.ground import Api, Clinic
from tests.web.conftest import Served
from tests.web.console import Desk, words
from tests.web.test_browser import EVERY_TARGET, TARGET_MIN, sign_in, violations
from tests.web.test_identity_provider import begin, come_back, serve_provider  # noqa: F401 - a fixture of ours, too

PHONE = {"width": 390, "height": 844}
NOTE = 'Breathes freely. <b>"Called"</b>'


def alarmed(api: Api, patient_id: str | None = None, flag: str = "breathlessness") -> Any:
    """The alert of a red flag that a patient reports."""
    of = {} if patient_id is None else {"patient_id": patient_id}
    session = api.session(occurred_at="2025-11-01T10:00:00-08:00", **of)
    body = {"reported_at": "2025-11-02T10:00:00-08:00", "soreness": 4, "red_flags": [flag]}
    made = api.create(f"/v1/sessions/{session['id']}/follow-ups", **body)
    raised = api.get("/v1/alerts?limit=200").json()["items"]
    [alert] = [each for each in raised if each["source"]["id"] == made["id"]]
    return alert


def form_of(alert: Any, **more: str) -> dict[str, str]:
    return {"patient_id": alert["patient_id"] or "", "action": "called"} | more


def send(desk: Desk, alert: Any, form: dict[str, str]) -> Any:
    bearings = {"on_page": "/console/alerts", "written_by": desk.client_id}
    return desk.send(f"/console/alerts/{alert['id']}/acknowledge", None, **bearings | form)


def test_the_bar_of_every_page_counts_the_open_alerts(api: Api, desk: Desk) -> None:
    pages = ["/console", "/console/alerts", f"/console/patients/{api.patient()['id']}"]
    assert all("No open alerts" in words(desk.get(page).text) for page in pages)
    first, second = alarmed(api), alarmed(api)
    pages += [f"/console/patients/{first['patient_id']}/timeline"]
    assert all("2 open alerts" in words(desk.get(page).text) for page in pages)
    api.post(f"/v1/alerts/{second['id']}/acknowledge", {"action": "seen"})
    assert all("1 open alert " in words(desk.get(page).text) for page in pages)


def test_the_list_of_patients_marks_who_has_an_open_alert(api: Api, desk: Desk) -> None:
    api.patient(family_name="Quiet")
    loud = api.patient(family_name="Loud")["id"]
    alert = alarmed(api, loud)
    for page in (desk.get("/console"), desk.send("/console/search", None, q="Loud")):
        assert page.text.count('class="mark"') == 1
        assert f'class="mark" href="/console/patients/{loud}#alerts"' in page.text
    send(desk, alert, form_of(alert))
    assert 'class="mark"' not in desk.get("/console").text


def test_a_form_acknowledges_and_goes_back_to_its_page(api: Api, desk: Desk) -> None:
    backs = {"chart": "/patients/{patient_id}", "alerts": "/alerts", "alert": "/alerts/{id}"}
    for back, to in backs.items():
        alert = alarmed(api)
        answer = send(desk, alert, form_of(alert, back=back, note=NOTE))
        assert answer.status_code == 303, answer.text
        place = f"/console{to.format(**alert)}"
        assert answer.headers["location"] == f"{place}?said=acknowledged"
        page = desk.get(answer.headers["location"]).text
        assert '<p class="note" role="status">Acknowledged.</p>' in page
        assert "Acknowledged." not in desk.get(place).text
        done = api.get(f"/v1/alerts/{alert['id']}").json()
        assert (done["status"], done["action"], done["note"]) == ("acknowledged", "called", NOTE)


def test_the_lines_of_a_note_count_as_they_were_typed(api: Api, desk: Desk) -> None:
    """A browser sends each end of a line as two characters."""
    typed = ("Called.\n" * 500)[:3999] + "."
    alert = alarmed(api)
    answer = send(desk, alert, form_of(alert, note=typed.replace("\n", "\r\n")))
    assert answer.status_code == 303, answer.text
    assert api.get(f"/v1/alerts/{alert['id']}").json()["note"] == typed
    other = alarmed(api)
    assert send(desk, other, form_of(other, note="x" * 4001)).status_code == 422


def test_a_form_for_another_patient_is_a_fault_that_keeps_what_was_typed(
    api: Api, desk: Desk
) -> None:
    alert, other = alarmed(api), alarmed(api)
    for wrong in (other["patient_id"], "", "x"):
        refused = send(desk, alert, form_of(alert, patient_id=wrong, note=NOTE))
        assert refused.status_code == 409
        assert "opened for another patient" in words(refused.text)
        assert "Breathes freely." in words(refused.text)
    assert api.get(f"/v1/alerts/{alert['id']}").json() == alert


def test_a_form_that_somebody_else_opened_is_a_fault_and_shows_them_nothing(
    api: Api, desk: Desk, clinic: Clinic
) -> None:
    alert = alarmed(api)
    author = desk.client_id
    desk.let_in(clinic)
    refused = send(desk, alert, form_of(alert, written_by=author, note=NOTE))
    assert refused.status_code == 409
    assert "Somebody else opened this form" in words(refused.text)
    assert "Breathes freely." not in words(refused.text)
    assert api.get(f"/v1/alerts/{alert['id']}").json() == alert


def test_a_form_of_another_site_acknowledges_nothing(api: Api, desk: Desk) -> None:
    alert = alarmed(api)
    path = f"/console/alerts/{alert['id']}/acknowledge"
    answer = desk.send(path, {"Sec-Fetch-Site": "cross-site"}, **form_of(alert))
    assert answer.status_code == 403
    assert api.get(f"/v1/alerts/{alert['id']}").json() == alert


@pytest.mark.parametrize("wrong", [{"action": "other"}, {"action": ""}, {"action": "ignored"}])
def test_a_refused_form_is_shown_again_with_what_was_typed(
    api: Api, desk: Desk, wrong: dict[str, str]
) -> None:
    alert = alarmed(api)
    note = {} if wrong["action"] == "other" else {"note": NOTE}
    refused = send(desk, alert, form_of(alert) | wrong | note)
    assert refused.status_code == 422
    assert ("&lt;b&gt;&#34;Called&#34;&lt;/b&gt;" in refused.text) == bool(note)
    assert ('value="other" required checked' in refused.text) == (wrong["action"] == "other")


def test_of_two_who_acknowledge_at_once_the_second_learns_who_was_first(
    api: Api, desk: Desk
) -> None:
    alert = alarmed(api)
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda _: send(desk, alert, form_of(alert)), range(2)))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    late = max(answers, key=lambda answer: answer.status_code)
    assert "Alert is already acknowledged." in words(late.text)
    assert re.search(r"Acknowledged [-0-9]{10} [0-9:]{5} by test : called", words(late.text))


def test_who_may_not_acknowledge_sees_the_alert_and_no_form(
    app: FastAPI, wire: Client, api: Api, clinic: Clinic
) -> None:
    del wire
    alert = alarmed(api)
    reader = Desk(app).let_in(clinic, ROLES["practitioner"] - {Scope.ALERTS_WRITE})
    page = reader.get("/console/alerts").text
    assert "Breathlessness" in page
    assert "<fieldset>" not in page
    assert send(reader, alert, form_of(alert)).status_code == 403
    blind = Desk(app).let_in(clinic, {Scope.PATIENTS_READ, Scope.PROGRESS_READ})
    assert blind.get("/console/alerts").status_code == 403
    for place in ("/console", f"/console/patients/{alert['patient_id']}"):
        page = blind.get(place).text
        assert not re.search(r"open alert|<fieldset>|Alert: ", page)


def test_front_desk_reads_who_needs_a_call_and_acknowledges(
    app: FastAPI, wire: Client, api: Api, clinic: Clinic
) -> None:
    del wire
    alert = alarmed(
        api, api.patient(given_name="Uma", birth_date="1988-04-12", phone="+1 555 0100")["id"]
    )
    phone = Desk(app).let_in(clinic, ROLES["front-desk"])
    page = phone.get("/console/alerts").text
    assert "Uma" in page
    assert 'href="tel:+15550100">+1 555 0100</a>' in page
    assert f"/console/patients/{alert['patient_id']}/details" in page
    assert f'/console/patients/{alert["patient_id"]}"' not in page  # their key opens no chart
    assert "Born 1988-04-12" in words(page)
    assert send(phone, alert, form_of(alert)).status_code == 303


def test_whom_an_alert_sent_to_emergency_is_named_on_top_of_their_chart(
    api: Api, desk: Desk
) -> None:
    alert = alarmed(api)
    send(desk, alert, form_of(alert, action="sent_to_emergency"))
    page = words(desk.get(f"/console/patients/{alert['patient_id']}").text)
    assert "Before you needle Breathlessness, raised" in page
    assert ": sent to emergency 20" in page[: page.index("Last visit")]


def test_an_unknown_alert_is_not_found(desk: Desk) -> None:
    nothing = {"id": str(uuid7()), "patient_id": None}
    assert send(desk, nothing, form_of(nothing)).status_code == 404
    assert desk.get(f"/console/alerts/{nothing['id']}").status_code == 404


def test_refused_and_withdrawn_consents_and_red_flags_stand_on_top_of_the_chart(
    api: Api, desk: Desk
) -> None:
    patient = api.patient()["id"]
    episode = {"patient_id": patient, "complaint": "Neck pain", "red_flags": ["night_pain"]}
    api.create("/v1/episodes", **episode, opened_at="2025-11-01T09:00:00Z")
    consent = {"patient_id": patient, "form": "verbal", "risks_disclosed": ["soreness"]}
    by = {"given_by": "Patient", "obtained_by": "Dana"}
    for kind, decision, day in (
        ("needling", "refused", 1),
        ("needling", "given", 2),
        ("electrical", "given", 1),
        ("electrical", "refused", 2),
        ("thoracic_needling", "withdrawn", 1),
    ):
        ended = {"withdrawn_at": "2025-11-05T09:00:00Z"} if decision == "withdrawn" else {}
        at = f"2025-11-0{day}T09:00:00Z"
        whole = {**consent, **by, **ended, "kind": kind, "decision": decision}
        api.create("/v1/consents", **whole, obtained_at=at)
    page = words(desk.get(f"/console/patients/{patient}").text)
    top = page[page.index("Before you needle") : page.index("What changed")]
    assert "electrical stimulation: refused" in top
    assert "thoracic needling: withdrawn" in top
    assert "Consent to needling" not in top
    assert "Red flags of “ Neck pain ”: night pain" in top


@pytest.fixture(name="phone", params=[True, False], ids=["script", "no_script"])
def a_phone_of_somebody_signed_in(
    request: pytest.FixtureRequest, browser: Browser, served: Served
) -> Iterator[Page]:
    script = request.param
    options: Any = {"base_url": served.address, "viewport": PHONE, "java_script_enabled": script}
    with browser.new_context(**options) as context:
        page = context.new_page()
        sign_in(page, served)
        yield page


def visible(page: Page, name: str) -> bool:
    """Whether a heading is on the screen of a phone without scrolling."""
    box = page.get_by_role("heading", name=name).first.bounding_box()
    return box is not None and box["y"] + box["height"] <= PHONE["height"]


@pytest.mark.alike
def test_on_a_phone_an_alert_is_found_without_scrolling_and_acknowledged_in_three_actions(
    served: Served, phone: Page
) -> None:
    with Client(base_url=served.address) as wire:
        api = Api(wire, served.key)
        phone.goto(f"/console/patients/{served.patients[2]}")
        assert visible(phone, "Last visit")
        expect(phone.get_by_role("link", name="Patients")).to_be_hidden()
        phone.get_by_text("Menu", exact=True).click()
        expect(phone.get_by_role("link", name="Patients")).to_be_visible()
        phone.goto(f"/console/patients/{served.patients[2]}")
        bar = phone.get_by_role("banner").bounding_box()
        assert bar is not None
        assert bar["height"] < PHONE["height"] / 8
        phone.set_viewport_size({"width": 1280, "height": 800})
        expect(phone.get_by_role("link", name="Patients")).to_be_visible()
        phone.set_viewport_size(PHONE)  # type: ignore[arg-type]
        alert = alarmed(api, served.patients[12])
        phone.goto("/console")
        link = phone.get_by_role("link", name="1 open alert")
        box = link.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= PHONE["height"]
        phone.goto(f"/console/patients/{alert['patient_id']}")
        assert visible(phone, "Alert: breathlessness")
        link.click()
        phone.get_by_label("Called").check()
        phone.get_by_role("button", name="Acknowledge").click()
        expect(phone.get_by_text("Nobody needs to look at anything now.")).to_be_visible()
        expect(phone.get_by_role("link", name="No open alerts")).to_be_visible()
        assert api.get(f"/v1/alerts/{alert['id']}").json()["action"] == "called"


@pytest.mark.alike
def test_before_you_needle_is_on_the_first_screen_of_a_phone_beside_many_alerts(
    served: Served, phone: Page
) -> None:
    with Client(base_url=served.address) as wire:
        api = Api(wire, served.key)
        patient = api.patient()["id"]
        red = {"complaint": "Neck pain", "red_flags": ["night_pain"]}
        api.create("/v1/episodes", patient_id=patient, opened_at="2025-11-01T09:00:00Z", **red)
        flags = ("breathlessness", "chest_pain", "dry_cough", "fainting", "breathlessness")
        some = [alarmed(api, patient, flag) for flag in flags]
        phone.goto(f"/console/patients/{patient}")
        assert visible(phone, "5 open alerts")
        assert visible(phone, "Before you needle")
        phone.get_by_text("Alert: dry cough").click()
        form = phone.locator("details[open]")
        form.get_by_label("Seen").check()
        form.get_by_role("button", name="Acknowledge").click()
        expect(phone.get_by_role("status")).to_have_text("Acknowledged.")
        assert api.get(f"/v1/alerts/{some[2]['id']}").json()["action"] == "seen"
        for alert in some:
            api.post(f"/v1/alerts/{alert['id']}/acknowledge", {"action": "seen"})


@pytest.mark.alike
def test_alerts_are_accessible_in_every_state(browser: Browser, served: Served) -> None:
    with (
        Client(base_url=served.address) as wire,
        browser.new_context(base_url=served.address) as context,
    ):
        api, page = Api(wire, served.key), context.new_page()
        sign_in(page, served)
        some = [alarmed(api, served.patients[12], flag) for flag in ("chest_pain", "fainting")]
        seen = []
        for width in (1440, 360):
            page.set_viewport_size({"width": width, "height": 844})
            for place in (
                "/console",
                "/console/alerts",
                f"/console/patients/{some[0]['patient_id']}",
            ):
                page.goto(place)
                seen.append((place, violations(page), page.evaluate(EVERY_TARGET)))
                assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.goto("/console/alerts")
        page.emulate_media(media="print")
        expect(page.get_by_role("main").get_by_text("Visits12")).to_have_count(2)
        for name in page.get_by_role("main").get_by_text("Visits12").all():
            expect(name).to_be_visible()
        page.emulate_media(media="screen")
        page.get_by_label("Other").first.check()
        page.get_by_role("button", name="Acknowledge").first.click()
        expect(page.get_by_role("alert")).to_contain_text("Say in a note what was done.")
        seen.append(("refused", violations(page), page.evaluate(EVERY_TARGET)))
        for alert in some:
            api.post(f"/v1/alerts/{alert['id']}/acknowledge", {"action": "seen"})
        page.goto("/console/alerts")
        seen.append(("none", violations(page), page.evaluate(EVERY_TARGET)))
        for width in (1440, 360):
            page.set_viewport_size({"width": width, "height": 844})
            for place in (
                "/console/alerts?status=acknowledged",
                f"/console/alerts/{some[0]['id']}?said=acknowledged",
                f"/console/patients/{some[0]['patient_id']}",
            ):
                page.goto(place)
                seen.append((place, violations(page), page.evaluate(EVERY_TARGET)))
                assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [(place, found) for place, found, _ in seen if found] == []
    targets = [target for _, _, found in seen for target in found]
    assert [target for target in targets if min(target[1:]) < TARGET_MIN] == []


DANA = {"name": "Dana", "channel": "email", "to": "dana@clinic.example"}


def test_the_bar_says_that_nobody_is_told_until_this_server_can_tell_somebody(
    api: Api, desk: Desk
) -> None:
    pages = ("/console", f"/console/patients/{api.patient()['id']}", "/console/alerts")
    change(api, emergency_number="911")
    assert all("Nobody is told of alerts" in words(desk.get(page).text) for page in pages)
    assert "In an emergency, call 911." in words(desk.get("/console/alerts").text)
    change(api, 2, alert_recipients=[DANA])
    assert "Nobody is told" in words(desk.get("/console").text)  # there is no mail server
    with mailing("log:"):
        assert "Nobody is told" in words(desk.get("/console").text)
    with mailing("smtp+plain://127.0.0.1:1"):
        assert all("told" not in words(desk.get(page).text) for page in pages)


def test_a_refused_answer_is_headed_in_words_for_people(api: Api, desk: Desk) -> None:
    alert = alarmed(api)
    path = f"/console/alerts/{alert['id']}"
    form = {"action": "other", "patient_id": alert["patient_id"], "on_page": path}
    refused = desk.send(f"{path}/acknowledge", None, **form)
    assert refused.status_code == 422
    assert "Check what you entered." in words(refused.text)
    assert "request is invalid" not in refused.text


def test_a_message_that_only_the_log_has_told_nobody(api: Api, desk: Desk, clinic: Clinic) -> None:
    change(api, alert_recipients=[DANA])
    alert = alarmed(api)
    with mailing("log:"):
        deliver_in(clinic.database, clinic.id)
        told = words(desk.get(f"/console/alerts/{alert['id']}").text)
    assert "Dana could not be told (email: This server writes messages to its log: nobody" in told
    assert "was told (" not in told
