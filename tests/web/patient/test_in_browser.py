"""The patient's page in a real browser: for everybody, on a phone, with and without scripts."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, Literal

import pytest
from httpx2 import Client
from playwright.sync_api import Browser, Page, expect

from app.core.db.database import Database
from app.web.patient import wording
from tests import browser as browsers
from tests import templates
from tests.ground import Api, create_clinic
from tests.serving import HOST, serving
from tests.web.patient.conftest import STRANGE
from tests.web.patient.site import LANGUAGES, Sent, Site
from tests.web.test_browser import violations

pytestmark = pytest.mark.alike

PHONE, DESKTOP = (390, 844), (1440, 900)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
TARGET_MIN = 44
TARGETS = """() => [...document.querySelectorAll('a, button, textarea, fieldset label')]
  .map(e => { const r = e.getBoundingClientRect();
              return [e.outerHTML.slice(0, 80), r.width, r.height] })"""
SCALE = """() => [...document.querySelectorAll('[name=soreness]')].map(e => {
  const r = e.closest('label').getBoundingClientRect();
  return [e.value, e.closest('label').innerText.trim().split(/\\s+/), r.left, r.top] })"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
STATES: dict[str, Callable[[Page, Site], None]] = {
    "open": lambda page, site: _open(page, site.link()),
    "faults": lambda page, site: _sent(page, site.link(), taps=()),
    "answered": lambda page, site: _sent(page, site.link()),
    "danger": lambda page, site: _sent(page, site.link(), taps=("soreness=4", "chest_pain")),
    "not yet": lambda page, site: _open(page, site.link(due_in_h=3)),
    "expired": lambda page, site: _open(page, site.link(ended_h=3)),
    "closed": lambda page, site: _open(page, site.link(status="cancelled", reason="moved")),
    "stopping": lambda page, site: _open(page, site.link(), "/stop"),
    "stopped": lambda page, site: _stopped(page, site.link()),
    "not me": lambda page, site: _sent(page, site.link(), taps=("reported_by=not_me",)),
    "unknown": lambda page, _site: _went(page, f"/r/{STRANGE}"),
}


@pytest.fixture(name="site", scope="module")
def a_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("links")
    with (
        templates.migrated(folder, is_sqlite=True) as url,
        closing(Database(url)) as database,
    ):
        clinic = create_clinic(database)
        with (
            serving(folder / "log", NEEDLEWORK_DATABASE_URL=url) as running,
            Client(base_url=f"http://{HOST}:{running.port}") as wire,
        ):
            api = Api(wire, clinic.key())
            held = {"If-Match": api.get("/v1/clinic").headers["etag"]}
            settings = {
                "time_zone": "America/Vancouver",
                "phone": "604-555-0100",
                "emergency_number": "911",
                "languages": ["fr", "fa"],
            }
            answer = api("PATCH", "/v1/clinic", json=settings, headers=held)
            assert answer.status_code == 200, answer.text
            yield Site(f"http://{HOST}:{running.port}", folder / "log", clinic, api)


@pytest.fixture(name="browser", scope="module")
def a_browser() -> Iterator[Browser]:
    with browsers.launched() as running:
        yield running


def opened(browser: Browser, site: Site, **more: Any) -> Page:
    width, height = PHONE
    context = browser.new_context(
        base_url=site.address, viewport={"width": width, "height": height}, **more
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    return page


@pytest.fixture(name="page")
def a_phone_without_scripts(browser: Browser, site: Site) -> Iterator[Page]:
    page = opened(browser, site, java_script_enabled=False)
    yield page
    page.context.close()


def _open(page: Page, link: Sent, more: str = "") -> None:
    _went(page, link.path + more)


def _went(page: Page, path: str) -> None:
    page.goto(path)


def _stopped(page: Page, link: Sent) -> None:
    page.goto(f"{link.path}/stop")
    press(page)


def tap(page: Page, choice: str) -> None:
    """Tap the label of a choice: `name=value`, a red flag, or none of these."""
    name, _, value = choice.partition("=")
    if choice == "none":
        found = page.locator("label:has([name=none_of_these])")
    elif value:
        found = page.locator(f"label:has([name={name}][value='{value}'])")
    else:
        found = page.locator(f"label:has([value={choice}])")
    found.click()


FOUR: tuple[str, ...] = ("soreness=4", "change=better", "none")


def _sent(page: Page, link: Sent, taps: tuple[str, ...] = FOUR, language: str = "en") -> None:
    page.goto(f"{link.path}?language={language}")
    for choice in taps:
        tap(page, choice)
    press(page)


def press(page: Page) -> None:
    """Press the page's button, and wait for what the server answers."""
    with page.expect_navigation():
        page.locator("button").click()


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_accessible_fits_and_has_large_targets_and_emergency_words(
    browser: Browser, site: Site, state: str
) -> None:
    page = opened(browser, site)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    STATES[state](page, site)
    for width, height in (PHONE, DESKTOP):
        page.set_viewport_size({"width": width, "height": height})
        assert violations(page) == []
        assert page.evaluate(OVERFLOW) == 0
        small = [each for each in page.evaluate(TARGETS) if min(each[1:]) < TARGET_MIN]
        assert small == []
    expect(page.locator("body")).to_contain_text("mergency number")
    assert {url.startswith(f"{site.address}/r/") for url in asked} == {True}
    assert page.context.cookies() == []
    page.context.close()


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_the_same_without_scripts(page: Page, site: Site, state: str) -> None:
    STATES[state](page, site)
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("body")).to_contain_text("mergency number")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_and_its_faults_are_accessible_in_every_language_light_and_dark(
    browser: Browser, site: Site, language: str
) -> None:
    page = opened(browser, site)
    for taps in ((), ("soreness=4", "chest_pain")):
        _sent(page, site.link(), taps, language)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            assert violations(page) == []
        expect(page.locator("html")).to_have_attribute("lang", language)
    page.context.close()


def test_a_normal_answer_takes_four_taps(page: Page, site: Site) -> None:
    link = site.link()
    page.goto(link.path)
    taps = 0
    for choice in FOUR:
        tap(page, choice)
        taps += 1
    page.locator("button").click()
    taps += 1
    expect(page.locator("h1")).to_have_text("Thank you. Your answer has arrived.")
    assert taps == 4
    [report] = link.reports()
    assert (report["soreness"], report["change"], report["red_flags"]) == (4, "better", [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_label_value_and_place_of_each_radio_agree(
    browser: Browser, site: Site, language: str
) -> None:
    page = opened(browser, site)
    page.goto(f"{site.link().path}?language={language}")
    for width in (320, 390, 768):  # 320 px is what a window of 1280 px shows at 400 %
        page.set_viewport_size({"width": width, "height": 800})
        agree(page, language)
    page.context.close()


def agree(page: Page, language: str) -> None:
    """Fail unless each radio's label, value and place say the same."""
    shown = page.evaluate(SCALE)
    assert [value for value, *_ in shown] == [str(number) for number in range(11)]
    assert [int(label[0]) for _, label, *_ in shown] == [*range(11)]
    assert [bool(label[1:]) for _, label, *_ in shown] == [True, *[False] * 9, True]
    assert page.evaluate(OVERFLOW) == 0
    rows: dict[float, list[float]] = {}
    for _, _, left, top in shown:
        rows.setdefault(round(top), []).append(left)
    assert list(rows) == sorted(rows)
    for lefts in rows.values():
        assert lefts == sorted(lefts, reverse=language == "fa")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_stored_is_the_number_that_was_tapped(
    page: Page, site: Site, language: str
) -> None:
    links = [site.link() for _ in range(3)]
    for number in range(11):
        page.goto(f"{links[number // 4].path}?another=1&language={language}")
        label = page.locator("label:has([name=soreness])").nth(number)
        label.click()
        tap(page, "none")
        page.locator("button").click()
        expect(page.locator("h1")).to_be_visible()
    stored = sorted(report["soreness"] for link in links for report in link.reports())
    assert stored == [*range(11)]


def test_the_keyboard_alone_is_enough(browser: Browser, site: Site) -> None:
    page, link = opened(browser, site), site.link()
    page.goto(link.path)

    def reach(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate(f"document.activeElement.matches({selector!r})"):
                return
        raise AssertionError(selector)

    reach("[name=soreness]")
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    reach("[name=change]")
    page.keyboard.press("Space")
    reach("[name=none_of_these]")
    page.keyboard.press("Space")
    reach("button")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Thank you. Your answer has arrived.")
    [report] = link.reports()
    assert (report["soreness"], report["change"]) == (3, "much_worse")
    page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_after_a_fault_the_focus_is_on_it_and_everything_is_still_there(
    browser: Browser, site: Site, language: str
) -> None:
    page, link = opened(browser, site), site.link()
    page.goto(f"{link.path}?language={language}")
    page.locator("textarea").fill("ਮੇਰਾ ਮੋਢਾ " * 50)
    tap(page, "soreness=5")
    page.locator("button").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("textarea")).to_have_value("ਮੇਰਾ ਮੋਢਾ " * 50)
    expect(page.locator("[name=soreness][value='5']")).to_be_checked()
    assert page.evaluate("document.activeElement.name") == "red_flags"
    described = page.evaluate(
        "document.activeElement.closest('fieldset').getAttribute('aria-describedby')"
    )
    assert page.locator(f"#{described}").is_visible()
    tap(page, "none")
    page.locator("button").click()
    expect(page.locator("textarea")).to_have_count(0)
    assert len(link.reports()) == 1
    page.context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_double_click_is_one_report_and_one_alert(
    browser: Browser, site: Site, *, scripts: bool
) -> None:
    page, link = opened(browser, site, java_script_enabled=scripts), site.link()
    page.goto(link.path)
    tap(page, "soreness=8")
    tap(page, "fainting")
    page.locator("button").dblclick()
    expect(page.locator("h1")).to_have_text("What you ticked can be dangerous")
    page.wait_for_load_state()
    assert len(link.reports()) == len(link.alerts()) == 1
    page.context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_back_and_another_answer_is_a_second_report_and_nobody_reads_expired(
    browser: Browser, site: Site, *, scripts: bool
) -> None:
    page, link = opened(browser, site, java_script_enabled=scripts), site.link()
    _sent(page, link)
    page.go_back()
    if page.locator("form").count() == 0:  # the browser asked the server again
        expect(page.locator("h1")).to_have_text("Thank you. Your answer has arrived.")
        page.locator("a", has_text="Send another answer").click()
    tap(page, "soreness=6")
    if not page.locator("[name=none_of_these]").is_checked():
        tap(page, "none")
    page.locator("button").click()
    expect(page.locator("h1")).to_have_text("Thank you. Your answer has arrived.")
    assert sorted(report["soreness"] for report in link.reports()) == [4, 6]
    page.context.close()


def test_two_tabs_are_two_forms(browser: Browser, site: Site) -> None:
    first, link = opened(browser, site), site.link()
    second = first.context.new_page()
    for page, number in ((first, 3), (second, 5)):
        page.goto(link.path)
        tap(page, f"soreness={number}")
        tap(page, "none")
    for page in (first, second):
        page.locator("button").click()
        expect(page.locator("h1")).to_have_text("Thank you. Your answer has arrived.")
    assert sorted(report["soreness"] for report in link.reports()) == [3, 5]
    first.context.close()


@pytest.mark.parametrize(("ago_h", "reports"), [(1.9, 1), (2.1, 0)])
def test_a_form_opened_in_time_is_taken_until_two_hours_after_the_end(
    page: Page, site: Site, ago_h: float, reports: int
) -> None:
    link = site.link()
    page.goto(link.path)
    for choice in FOUR:
        tap(page, choice)
    link.end(ago_h)
    page.locator("button").click()
    expect(page.locator("h1")).to_be_visible()
    assert len(link.reports()) == reports


def test_a_scanner_that_runs_scripts_and_follows_every_link_changes_nothing(
    browser: Browser, site: Site
) -> None:
    page, link = opened(browser, site), site.link()
    page.goto(link.path)
    page.wait_for_timeout(500)
    hrefs = page.evaluate("[...document.querySelectorAll('a')].map(a => a.href)")
    for href in hrefs:
        if href.startswith("http"):
            page.goto(href)
    ask = site.api.get(f"/v1/asks/{link.ask_id}").json()
    assert (ask["status"], ask["version"]) == ("due", 1)
    assert link.reports() == []
    page.context.close()


def test_a_language_is_changed_by_a_link_of_the_page(page: Page, site: Site) -> None:
    page.goto(site.link().path)
    page.get_by_role("link", name="Français").click()
    expect(page.locator("h1")).to_have_text("Comment allez-vous après votre visite ?")
    page.get_by_role("link", name="فارسی").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")


def test_the_choice_stays_visible_in_forced_colours(browser: Browser, site: Site) -> None:
    page = opened(browser, site, forced_colors="active")
    page.goto(site.link().path)
    tap(page, "soreness=7")
    assert page.locator("[name=soreness][value='7']").is_checked()
    appearance = "getComputedStyle(document.querySelector('[name=soreness]')).appearance"
    assert page.evaluate(appearance) == "auto"  # the browser's own radio has the system's colours
    page.context.close()


def test_no_token_and_no_answer_stands_in_the_servers_log(page: Page, site: Site) -> None:
    link = site.link()
    page.goto(link.path)
    page.locator("textarea").fill("a very private word")
    for choice in FOUR:
        tap(page, choice)
    page.locator("button").click()
    expect(page.locator("h1")).to_be_visible()
    log = site.log.read_text()
    assert "link.send" in log
    assert link.token not in log
    assert "private" not in log


def test_the_messages_of_the_form_are_those_of_the_contract() -> None:
    assert len(wording.RED_FLAGS) == 6
    assert len(wording.CHANGES) == 5
