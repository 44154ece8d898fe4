"""The console in dark and in forced colours, on each of its pages."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx2 import Client
from playwright.sync_api import Browser, Page

from tests.ground import Api
from tests.web.conftest import Served
from tests.web.test_alerts import alarmed
from tests.web.test_browser import sign_in, violations

pytestmark = pytest.mark.alike
SCHEMES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "forced_colors": "none"},
    "dark": {"color_scheme": "dark", "forced_colors": "none"},
    "forced": {"color_scheme": "light", "forced_colors": "active"},
    "forced dark": {"color_scheme": "dark", "forced_colors": "active"},
}
LIGHTNESS = """what => {
  const parts = getComputedStyle(document.querySelector(what)).backgroundColor.match(/[0-9.]+/g);
  return (Number(parts[0]) + Number(parts[1]) + Number(parts[2])) / 765 }"""
FILLS = """() => [...document.querySelectorAll('.picture svg')].map(
  svg => getComputedStyle(svg).forcedColorAdjust)"""


@pytest.fixture(name="page")
def a_page_whose_colours_change_at_once(browser: Browser, served: Served) -> Iterator[Page]:
    with browser.new_context(base_url=served.address, reduced_motion="reduce") as context:
        yield context.new_page()


def test_every_page_has_enough_contrast_in_any_colours(page: Page, served: Served) -> None:
    seen = []

    def look(place: str) -> None:
        page.goto(place)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        for name, scheme in SCHEMES.items():
            page.emulate_media(**scheme)
            seen.append((place, name, violations(page)))

    with Client(base_url=served.address) as wire:
        alert = alarmed(Api(wire, served.key), served.patients[12])
    for place in ("/console/sign-in", "/console/join"):
        look(place)
    sign_in(page, served)
    places = [
        "",
        "/alerts",
        f"/alerts/{alert['id']}",
        "/people",
        "/devices",
        "/keys",
        "/sign-ins",
        "/clinic",
    ]
    places += [f"/patients/{served.patients[count]}" for count in (0, 12)]
    places += [f"/patients/{served.patients[12]}/timeline", "/nothing"]
    for path in places:
        look(f"/console{path}")
    with Client(base_url=served.address) as wire:
        done = {"action": "called", "note": "No breathlessness any more."}
        Api(wire, served.key).post(f"/v1/alerts/{alert['id']}/acknowledge", done)
    look("/console/alerts?status=acknowledged")
    assert [found for found in seen if found[2]] == []


def test_a_dark_page_is_dark_and_its_pictures_are_sheets_of_paper(
    browser: Browser, served: Served
) -> None:
    with browser.new_context(base_url=served.address, color_scheme="dark") as context:
        page = context.new_page()
        sign_in(page, served)
        page.goto(f"/console/patients/{served.patients[12]}")
        for what in ("html", "section", ".identity"):
            assert page.evaluate(LIGHTNESS, what) < 0.2, what
        assert page.evaluate(LIGHTNESS, ".picture svg") == 1
        page.emulate_media(media="print")
        assert page.evaluate(LIGHTNESS, "html") == 1
        page.emulate_media(media="screen", forced_colors="active")
        assert set(page.evaluate(FILLS)) == {"none"}
