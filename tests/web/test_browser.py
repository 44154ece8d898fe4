"""The console in a real browser: without scripts, accessible to everybody, and on paper."""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import combinations
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from httpx2 import Client
from playwright.sync_api import Browser, Error, Page, Response, ViewportSize, expect

from tests.ground import Api
from tests.summaries.reading import Paper, squeezed
from tests.web.conftest import Served
from tests.web.every_page import addresses
from tests.web.histories import COUNTS, FAMILY

pytestmark = pytest.mark.alike

TARGET_MIN = 24
LONG_NAME = ("Wolfeschlegelstein " * 8)[:150].strip(), "W" * 150
EVERY_TARGET = """() => [...document.querySelectorAll('a, button, input:not([type=hidden])')]
  .filter(e => !e.classList.contains('skip'))
  .map(e => { const r = e.getBoundingClientRect();
              return [e.outerHTML.slice(0, 80), r.width, r.height] })"""
CUT_OFF = """() => [...document.querySelectorAll('.tall')]
  .filter(e => e.scrollHeight > e.clientHeight + 1).length"""
EVERY_TEXT = """svg => [...svg.querySelectorAll('text')].map(e => {
  const r = e.getBoundingClientRect();
  return [e.textContent, r.left, r.top, r.right, r.bottom] })"""
SMALLEST_LETTERS = """svg => Math.min(...[...svg.querySelectorAll('text')].map(e =>
  parseFloat(getComputedStyle(e).fontSize) * svg.getBoundingClientRect().width
    / svg.viewBox.baseVal.width))"""
SMALLEST_LETTERS_OF_PAGE = """() => Math.min(...[...document.querySelectorAll('body *')]
  .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
  .filter(e => e.checkVisibility() && !e.closest('title, desc, option, .hidden'))
  .map(e => { const svg = e.closest('svg');
    const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
    return parseFloat(getComputedStyle(e).fontSize) * scale }))"""
DESKTOP, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=360, height=800)
RUN_AXE = "axe.run({resultTypes: ['violations']}).then(found => found.violations)"
NOBODYS = "0190aaaa-aaaa-7000-8000-00000000000a"
FAULTS = ("/console/nothing", f"/console/sessions/{NOBODYS}", "/console?cursor=x")
FRAME = (
    "svg => { const r = svg.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom] }"
)


@pytest.fixture(name="page")
def a_page_of_somebody_signed_in(browser: Browser, served: Served) -> Iterator[Page]:
    with browser.new_context(base_url=served.address) as context:
        page = context.new_page()
        sign_in(page, served)
        yield page


def sign_in(page: Page, served: Served) -> None:
    page.goto("/")
    for field, value in served.form.items():
        page.fill(field, value)
    page.press(field, "Enter")
    expect(page.get_by_role("heading", name="Patients")).to_be_visible()


def search(page: Page, text: str) -> None:
    page.goto("/console")
    page.get_by_role("searchbox").fill(text)
    page.get_by_role("button", name="Search").click()


def violations(page: Page) -> list[Any]:
    """What axe finds now. It is read into a page once, and only what it finds leaves the page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    return [
        (found["id"], [node["html"] for node in found["nodes"]]) for found in page.evaluate(RUN_AXE)
    ]


def test_signing_in_reading_and_signing_out_work_without_scripts(
    browser: Browser, served: Served
) -> None:
    urls: list[str] = []
    with browser.new_context(base_url=served.address, java_script_enabled=False) as context:
        page = context.new_page()
        page.on("request", lambda request: urls.append(request.url))
        sign_in(page, served)
        asked = f"visits12 {FAMILY[:4].lower()}"
        page.get_by_label("Name, birth date or chart number").fill(asked)
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name=f"{FAMILY}, Visits12").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Visits12 {FAMILY}")
        for picture in ("Progress over time", "Body map, front", "Body map, back"):
            image = page.get_by_role("img", name=picture)
            expect(image).to_be_visible()
            box = image.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) > 300
        page.get_by_role("link", name="Whole timeline").click()
        expect(page.get_by_role("listitem").first).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        for _ in range(3):
            with suppress(Error):  # the browser has no cached copy of a search result
                page.go_back()
            expect(page.locator("body")).not_to_contain_text(FAMILY)
    assert {url.split("/")[2] for url in urls} == {served.address.split("/")[2]}
    assert not re.search(f"{FAMILY[:4]}|visits", " ".join(urls), re.IGNORECASE)


def test_signing_in_again_continues_on_the_same_page(browser: Browser, served: Served) -> None:
    with browser.new_context(base_url=served.address) as context:
        page = context.new_page()
        page.goto(f"/console/patients/{served.patients[2]}")
        for field, value in served.form.items():
            page.fill(field, value)
        page.press(field, "Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Visits2 {FAMILY}")


@pytest.mark.parametrize("scripts", [True, False])
def test_somebody_signs_in_on_another_site_and_is_back_where_they_were(
    browser: Browser,
    served: Served,
    scripts: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """`localhost` and `127.0.0.1` are two sites: no strict cookie comes along on the way."""
    here = served.address.replace("127.0.0.1", "localhost")
    with browser.new_context(base_url=here, java_script_enabled=scripts) as context:
        page = context.new_page()
        page.goto(f"/console/patients/{served.patients[2]}")
        page.get_by_role("link", name="identity provider").click()
        assert page.url.startswith(served.provider.url)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Visits2 {FAMILY}")
        assert page.url == f"{here}/console/patients/{served.patients[2]}"
        assert {cookie["sameSite"] for cookie in context.cookies()} == {"Strict"}


class Seen(NamedTuple):
    """A page as it was looked at."""

    place: str
    status: int
    title: str
    violations: list[Any]
    targets: list[Any]
    letters: float
    """The height of the smallest, in pixels."""
    beyond: int
    """How far the page is wider than the window."""
    has_bar: bool


def looks(page: Page, place: str, answer: Response | None = None) -> Iterator[Seen]:
    """Look at a page on a desktop, and in the dark on a phone."""
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    yield look(page, place, answer)
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    yield look(page, place, answer)
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")


def look(page: Page, place: str, answer: Response | None) -> Seen:
    return Seen(
        place,
        200 if answer is None else answer.status,
        page.title(),
        violations(page),
        page.evaluate(EVERY_TARGET),
        page.evaluate(SMALLEST_LETTERS_OF_PAGE),
        page.evaluate("document.documentElement.scrollWidth - innerWidth"),
        page.get_by_role("navigation", name="Console").count() == 1,
    )


@pytest.fixture(name="seen", scope="module")
def every_page_on_a_desktop_and_in_the_dark_on_a_phone(
    browser: Browser, served: Served, tmp_path_factory: pytest.TempPathFactory
) -> list[Seen]:
    """All pages of one database; of the other, which has the same pages, a chart and a fault."""
    counts = COUNTS if served.is_sqlite else (12,)
    places = [*(f"/console/patients/{served.patients[count]}" for count in counts), *FAULTS]
    if served.is_sqlite:
        folder = tmp_path_factory.mktemp("routes")
        places += addresses(folder, served.address, served.key)
    # Colours that fade into each other have no contrast that could be measured.
    with browser.new_context(
        base_url=served.address, viewport=DESKTOP, color_scheme="light", reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        page.goto("/console")
        seen = [*looks(page, "sign in")]
        sign_in(page, served)
        for place in places:
            seen += looks(page, place, page.goto(place))
        for text in ("visits12", FAMILY[1:], "nobody"):
            search(page, text)
            seen += looks(page, text)
    return seen


def test_axe_finds_no_fault_on_any_page(seen: list[Seen]) -> None:
    assert [(each.place, each.violations) for each in seen if each.violations] == []


def test_no_target_on_any_page_is_too_small(seen: list[Seen]) -> None:
    """WCAG 2.2, 2.5.8. A target of no size is in a part that is not shown."""
    targets = [(each.place, target) for each in seen for target in each.targets]
    assert [each for each in targets if 0 < min(each[1][1:]) < TARGET_MIN] == []


def test_no_page_is_wider_than_the_window(seen: list[Seen]) -> None:
    assert [(each.place, each.beyond) for each in seen if each.beyond > 0] == []


def test_no_letter_on_any_page_is_lower_than_12_pixels(seen: list[Seen]) -> None:
    assert [(each.place, each.letters) for each in seen if each.letters < 12] == []


def test_every_tab_has_a_name_and_every_page_about_a_fault_keeps_the_bar(seen: list[Seen]) -> None:
    assert [each.place for each in seen if len(each.title.removesuffix(" · Needlework")) < 4] == []
    assert {each.place for each in seen if not each.has_bar} == {"sign in"}
    assert {each.place for each in seen if each.status != 200} == {*FAULTS}


@pytest.mark.parametrize("width", [1440, 820, 390, 360])
@pytest.mark.parametrize("count", COUNTS)
def test_texts_of_a_picture_can_be_read_and_do_not_overlap_or_leave_it(
    page: Page, served: Served, count: int, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/console/patients/{served.patients[count]}")
    pictures = page.locator("svg:visible").element_handles()
    assert len(pictures) == (4 if count else 1)  # without a needling there is no body map
    for picture in pictures:
        left, top, right, bottom = picture.evaluate(FRAME)
        assert 0 <= left <= right <= width  # the newest is in view without moving sideways
        texts = picture.evaluate(EVERY_TEXT)
        for words, *box in texts:
            inside = box[0] >= left and box[1] >= top and box[2] <= right and box[3] <= bottom
            assert inside, words
        assert picture.evaluate(SMALLEST_LETTERS) >= 12
        overlapping = [(a[0], b[0]) for a, b in combinations(texts, 2) if _overlap(a[1:], b[1:])]
        assert overlapping == []


def _overlap(a: list[float], b: list[float], slack: float = 3) -> bool:
    """Whether two boxes overlap by more than `slack`: a box is higher than its letters."""
    return min(a[2], b[2]) - max(a[0], b[0]) > slack and min(a[3], b[3]) - max(a[1], b[1]) > slack


def test_a_printed_chart_leaves_out_the_controls(page: Page, served: Served) -> None:
    page.goto(f"/console/patients/{served.patients[12]}")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    for picture in ("Progress over time", "Body map, front", "Body map, back"):
        expect(page.get_by_role("img", name=picture)).to_be_visible()
    assert page.evaluate(CUT_OFF) == 0
    assert len(page.pdf(format="A4")) > 20_000


def test_each_printed_page_names_the_patient_the_clinic_and_its_number(
    page: Page, served: Served
) -> None:
    """Also of 60 sessions, of a name of 300 letters, and of one that runs from right to left."""
    called = {served.patients[60]: f"Visits60 {FAMILY}"}
    with Client(base_url=served.address) as wire:
        api = Api(wire, served.key)
        for given, family in LONG_NAME, ("محمد", "الخطيب"):
            person = {"given_name": given, "family_name": family, "birth_date": "1975-03-15"}
            called[api.patient(**person)["id"]] = f"{given} {family}"
        visits = api.get(f"/v1/sessions?patient_id={served.patients[60]}&limit=1").json()["items"]
    places = {
        f"/console/patients/{id_}{place}": name
        for id_, name in called.items()
        for place in ("", "/looked", "/edit")
    }
    places[f"/console/sessions/{visits[0]['id']}"] = f"Visits60 {FAMILY}"
    for place, name in places.items():
        page.goto(place)
        paper = Paper(page.pdf(format="A4"))
        count = len(paper.pdf.pages)
        for number in range(count):
            said = paper.page(number)
            told = f"Page{number + 1}of{count}{squeezed(name)}·born1975-03-15·"
            assert said.startswith(told), (place, number)
            assert "Testclinic·asof20" in said


def test_each_printed_page_of_a_note_names_the_patient_and_the_clinic(
    browser: Browser, served: Served
) -> None:
    """Its style is the only thing that its policy lets a browser use."""
    headers = {"Authorization": f"Bearer {served.key}", "Accept": "text/html"}
    with Client(base_url=served.address) as wire:
        api = Api(wire, served.key)
        id_ = api.session(
            patient_id=api.patient(given_name="Ana", birth_date="1975-03-15")["id"],
            practitioner_id=api.practitioner()["id"],
            note="Slept well.\n" * 120,
        )["id"]
    with browser.new_context(base_url=served.address, extra_http_headers=headers) as context:
        page = context.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        page.goto(f"/v1/sessions/{id_}/note")
        paper = Paper(page.pdf(format="A4"))
    count = len(paper.pdf.pages)
    assert (count > 1, refused) == (True, [])
    for number in range(count):
        said = paper.page(number)
        assert said.startswith(f"Page{number + 1}/{count}Ana"), number
        assert "born1975-03-15·Testclinic" in said


def test_pages_are_tested_with_the_same_fonts_on_every_machine(page: Page, served: Served) -> None:
    page.goto(f"/console/patients/{served.patients[2]}")
    tools = page.context.new_cdp_session(page)
    tools.send("DOM.enable")
    tools.send("CSS.enable")
    document = tools.send("DOM.getDocument")["root"]["nodeId"]
    for selector in ("h1", "svg text", "dd"):
        place = {"nodeId": document, "selector": selector}
        node = tools.send("DOM.querySelector", place)
        used = tools.send("CSS.getPlatformFontsForNode", {"nodeId": node["nodeId"]})["fonts"]
        assert {font["familyName"] for font in used} == {"Noto Sans"}, selector


def test_the_keyboard_reaches_everything_and_the_focus_is_visible(
    page: Page, served: Served
) -> None:
    page.goto(f"/console/patients/{served.patients[12]}")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    every = "a:visible, button:visible, summary:visible, [tabindex='0']:visible"
    stops = page.locator(every).count()
    for _ in range(stops - 1):
        page.keyboard.press("Tab")
        style = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert style == "3px"
