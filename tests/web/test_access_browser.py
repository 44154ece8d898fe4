"""Access and typed texts in a real browser: by keyboard and eye, with and without script."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx2 import Client
from playwright.sync_api import Browser, Page, expect

from tests.ground import Api
from tests.web.conftest import Served
from tests.web.test_alerts import alarmed
from tests.web.test_browser import EVERY_TARGET, TARGET_MIN, sign_in, violations

pytestmark = pytest.mark.alike
NOTE = "Called at 02:10. No breathlessness any more — „gut“."
PHONE = {"width": 390, "height": 844}


@pytest.fixture(name="page", params=[True, False], ids=["scripts", "no scripts"])
def a_phone_of_somebody_signed_in(
    browser: Browser, served: Served, request: pytest.FixtureRequest
) -> Iterator[Page]:
    made = browser.new_context(
        base_url=served.address,
        viewport=PHONE,  # type: ignore[arg-type]
        java_script_enabled=request.param,
    )
    with made as context:
        page = context.new_page()
        sign_in(page, served)
        yield page


def sign_in_again(page: Page, served: Served) -> None:
    for field, value in served.form.items():
        page.fill(field, value)
    page.press(field, "Enter")


@pytest.mark.parametrize("place", ["chart", "list"])
def test_a_note_survives_a_sign_in_that_timed_out(page: Page, served: Served, place: str) -> None:
    with Client(base_url=served.address) as wire:
        api = Api(wire, served.key)
        alert = alarmed(api, served.patients[2])
        chart = f"/console/patients/{alert['patient_id']}"
        page.goto(chart if place == "chart" else "/console/alerts")
        page.get_by_label("Called").check()
        page.get_by_label("Note").fill(NOTE)
        page.context.clear_cookies()
        page.get_by_role("button", name="Acknowledge").click()
        expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
        expect(page.get_by_role("status")).to_contain_text("What you typed is in this page")
        sign_in_again(page, served)
        expect(page.get_by_label("Note")).to_have_value(NOTE)
        expect(page.get_by_label("Called")).to_be_checked()
        assert api.get(f"/v1/alerts/{alert['id']}").json()["status"] == "open"
        page.get_by_role("button", name="Acknowledge").click()
        expect(page.get_by_role("link", name="No open alerts")).to_be_visible()
        done = api.get(f"/v1/alerts/{alert['id']}").json()
        assert (done["status"], done["note"]) == ("acknowledged", NOTE)


def test_a_device_is_enrolled_and_ended_on_a_phone(page: Page) -> None:
    page.get_by_text("Menu", exact=True).click()
    page.get_by_role("link", name="Access").click()
    page.get_by_role("link", name="Devices").click()
    page.get_by_label("Name, such as the room").fill("Room 2")
    page.get_by_label("Practitioner for whom it acts").select_option(label="Dana Okafor")
    page.get_by_role("button", name="Show the code").click()
    expect(page.locator(".code")).to_contain_text("nwe_")
    page.get_by_role("link", name="Back to the devices").click()
    row = page.get_by_role("row").filter(has_text="Room 2").filter(has_text="End")
    row.locator("summary").click()
    row.get_by_role("button", name="End Room 2").click()
    expect(page.get_by_role("row").filter(has_text="Room 2").first).to_contain_text("ended")


def test_pages_about_access_and_typed_texts_are_accessible(
    browser: Browser, served: Served
) -> None:
    """Axe finds no violation, no target is too small, and nothing is wider than the screen."""
    seen: list[tuple[str, Any, Any]] = []
    with browser.new_context(base_url=served.address) as context:
        page = context.new_page()
        sign_in(page, served)

        def look(state: str) -> None:
            seen.append((state, violations(page), page.evaluate(EVERY_TARGET)))
            assert page.evaluate("document.documentElement.scrollWidth") <= width, state

        for width in (1440, 360):
            page.set_viewport_size({"width": width, "height": 900})
            for place in ("people", "practitioners", "devices", "keys", "sign-ins", "clinic"):
                page.goto(f"/console/{place}")
                page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
                look(place)
            page.goto("/console/people")
            page.locator("#name").fill(f"Robin {width}")
            page.get_by_label("Role").select_option("front-desk")
            page.get_by_role("button", name="Invite").click()
            expect(page.locator(".code")).to_contain_text("nwi_")
            look("invited")
            page.goto("/console/people")
            page.get_by_role("link", name=f"Robin {width}").click()
            look("person")
            page.get_by_role("link", name="End the account").click()
            expect(page.get_by_role("button", name="End the account")).to_be_visible()
            look("end of an account")
            page.goto("/console/people")
            page.locator("#name").fill(f"Robin {width}")
            page.get_by_role("button", name="Invite").click()
            expect(page.get_by_role("link", name="Practitioner that the person is")).to_be_visible()
            expect(page.locator("#name")).to_have_value(f"Robin {width}")
            look("refused")
            page.context.clear_cookies()
            page.get_by_role("button", name="Invite").click()
            look("timed out")
            sign_in_again(page, served)
            expect(page.locator("#name")).to_have_value(f"Robin {width}")
            look("signed in again")
    assert [(state, found) for state, found, _ in seen if found] == []
    targets = [(state, target) for state, _, found in seen for target in found]
    assert [each for each in targets if min(each[1][1:]) < TARGET_MIN] == []


def test_somebody_who_is_not_linked_gets_a_page_to_show_to_the_owner(
    browser: Browser, served: Served
) -> None:
    with browser.new_context(base_url=served.address, viewport=PHONE) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto("/console")
        page.get_by_role("link", name="identity provider").click()
        page.get_by_label("Name").fill("stranger@provider")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("stranger@provider")).to_be_visible()
        assert violations(page) == []
