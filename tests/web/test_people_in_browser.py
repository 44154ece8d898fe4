"""People join, sign in and change their account in a real browser, with and without scripts."""

import re
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from httpx2 import Client
from playwright.sync_api import Browser, Page, expect

from tests.accounts.people import PASSWORD, WRONG
from tests.ground import Api
from tests.web.conftest import Served
from tests.web.test_browser import EVERY_TARGET, TARGET_MIN, violations

pytestmark = pytest.mark.alike


@pytest.fixture(name="wire", scope="module")
def a_client_of_the_server(served: Served) -> Iterator[Client]:
    with Client(base_url=served.address) as wire:
        yield wire


def invited(wire: Client, served: Served, name: str, **body: Any) -> dict[str, Any]:
    whole = {"name": name, "sign_in_name": name, "role": "front-desk"} | body
    return Api(wire, served.key).create("/v1/accounts", **whole)


def join(page: Page, code: str) -> None:
    page.goto("/console/sign-in")
    page.get_by_role("link", name="Choose your password first").click()
    page.get_by_label("Code of your invitation").fill(code)
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Choose it and sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_an_invited_practitioner_joins_and_signs_in(
    browser: Browser, served: Served, wire: Client, scripts: str
) -> None:
    name = f"Dana {scripts}"
    api = Api(wire, served.key)
    practitioner = api.practitioner(given_name="Dana", family_name=scripts)["id"]
    body = {"role": "practitioner", "practitioner_id": practitioner}
    code = invited(wire, served, name, **body)["invitation_code"]
    urls: list[str] = []
    with browser.new_context(
        base_url=served.address, java_script_enabled=scripts == "on"
    ) as context:
        page = context.new_page()
        page.on("request", lambda request: urls.append(request.url))
        join(page, code)
        page.get_by_role("button", name="Sign out", exact=True).first.click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.get_by_label("Name").fill(name.upper())
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("heading", name="Patients")).to_be_visible()
    assert code not in " ".join(urls)
    assert code.split("_", 2)[2] not in served.log.read_text()


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_a_person_sets_up_their_second_factor(
    browser: Browser, served: Served, wire: Client, scripts: str
) -> None:
    code = invited(wire, served, f"Lee {scripts}")["invitation_code"]
    with browser.new_context(
        base_url=served.address, java_script_enabled=scripts == "on"
    ) as context:
        page = context.new_page()
        join(page, code)
        factor = page.get_by_role("region", name="Second factor")
        factor.get_by_label("Your present password").fill(PASSWORD)
        factor.get_by_role("button", name="Set it up").click()
        secret = factor.locator("code").first.inner_text()
        assert re.fullmatch("[A-Z2-7]{32}", secret)
        factor.get_by_label("Code of the app").fill(pyotp.TOTP(secret).now())
        factor.get_by_label("Your present password").fill(PASSWORD)
        factor.get_by_role("button", name="Turn it on").click()
        expect(page.get_by_role("heading", name="Second factor: on")).to_be_visible()


def test_every_page_of_accounts_is_accessible(
    browser: Browser, served: Served, wire: Client
) -> None:
    """Axe finds no violation, no target is too small, and nothing is wider than a phone."""
    code = invited(wire, served, "Kim " + "W" * 90)["invitation_code"]
    seen: list[tuple[str, Any, Any, int]] = []

    def look(page: Page, what: str) -> None:
        for width in (1440, 360):
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth") - width
            seen.append((what, violations(page), page.evaluate(EVERY_TARGET), wide))

    with browser.new_context(base_url=served.address) as context:
        page = context.new_page()
        page.goto("/console/sign-in/019c8b3a-9c00-7cea-a442-115a08b8dfb3")
        look(page, "sign in")
        page.get_by_label("Name").fill("nobody")
        page.get_by_label("Password", exact=True).fill(WRONG)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("alert")).to_be_visible()
        look(page, "refused")
        page.goto("/console/join")
        look(page, "join")
        page.get_by_label("Code of your invitation").fill("nwi_wrong")
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_label("The same password again").fill(WRONG)
        page.get_by_role("button", name="Choose it and sign in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        look(page, "no invitation")
        join(page, code)
        look(page, "account")
        factor = page.get_by_role("region", name="Second factor")
        factor.get_by_label("Your present password").fill(PASSWORD)
        factor.get_by_role("button", name="Set it up").click()
        expect(factor.get_by_label("Code of the app")).to_be_visible()
        look(page, "secret")
        with browser.new_context(base_url=served.address) as another:
            second = another.new_page()
            second.goto("/console/sign-in")
            second.get_by_label("Name").fill("kim " + "w" * 90)
            second.get_by_label("Password", exact=True).fill(PASSWORD)
            second.get_by_role("button", name="Sign in", exact=True).click()
            expect(second.get_by_role("heading", name="Patients")).to_be_visible()
            second.goto("/console/account")
            look(second, "two sign-ins")
            second.get_by_role("button", name="Sign out everywhere else").click()
            expect(second.get_by_text("this one")).to_be_visible()
        page.goto("/console/account")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert [(what, found, wide) for what, found, _, wide in seen if found or wide > 0] == []
    small = [(what, t) for what, _, targets, _ in seen for t in targets if min(t[1:]) < TARGET_MIN]
    assert small == []


def test_no_other_page_can_show_the_sign_in_in_a_frame(browser: Browser, served: Served) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.set_content(f'<iframe src="{served.address}/console/sign-in"></iframe>')
        assert all("Sign in" not in frame.content() for frame in page.frames[1:])
