"""A practitioner logs six muscles with the form, signs and amends, in a real browser."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any, NamedTuple

import pytest
from httpx2 import Client
from playwright.sync_api import Browser, Locator, Page, expect

from app.core.db.database import Database
from tests import templates
from tests.ground import Api, create_clinic
from tests.serving import HOST, serving
from tests.web.test_browser import EVERY_TARGET, TARGET_MIN, violations
from tests.web.test_follow_ups_in_browser import DESKTOP, PHONE, SCHEMES, TABLET

pytestmark = pytest.mark.alike
MUSCLES = ("infra L", "supra L", "lev scap L", "glut med R", "upper trap L", "Teres minor")
HEIGHTS = {390: 5_500, 820: 3_900, 1440: 3_200}
"""How high the form may be with six muscles, in CSS pixels, by the width of the window."""
NAMES = {390: "Núñez", 820: "Okonkwo", 1440: "Berg"}
"""A patient of their own for each width: the form warns of one who has the same name."""
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff" * 5


class Room(NamedTuple):
    """A running server with a practitioner, and their key."""

    address: str
    key: str
    api: Api


@pytest.fixture(name="room", scope="module")
def a_server_with_a_practitioner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("writing")
    with ExitStack() as stack:
        url = stack.enter_context(templates.migrated(folder, is_sqlite=True))
        database = stack.enter_context(closing(Database(url)))
        clinic = create_clinic(database)
        running = stack.enter_context(serving(folder / "log", NEEDLEWORK_DATABASE_URL=url))
        address = f"http://{HOST}:{running.port}"
        api = Api(stack.enter_context(Client(base_url=address)), clinic.key())
        api.live_in("America/Vancouver")
        api.practitioner(given_name="Dana", family_name="Okafor")
        yield Room(address, api.key, api)


@pytest.fixture(name="page", params=[PHONE, TABLET, DESKTOP], ids=["phone", "tablet", "desktop"])
def a_browser_without_scripts(
    browser: Browser, room: Room, request: pytest.FixtureRequest
) -> Iterator[Page]:
    with browser.new_context(
        base_url=room.address, viewport=request.param, java_script_enabled=False
    ) as context:
        page = context.new_page()
        sign_in(page, room)
        yield page


def sign_in(page: Page, room: Room) -> None:
    page.goto("/console/sign-in")
    page.fill("#key", room.key)
    page.press("#key", "Enter")
    expect(page.get_by_role("heading", name="Patients")).to_be_visible()


def row(page: Page, number: int) -> Locator:
    """A row for a muscle, unfolded."""
    place = page.locator(f"[id='needlings.{number}']")
    if place.get_attribute("open") is None:
        place.locator("summary").first.click()
    return place


def fill_row(page: Page, number: int, muscle: str) -> None:
    place = row(page, number)
    place.get_by_label("Muscle", exact=True).fill(muscle)
    place.get_by_label("Depth, mm").fill("25")
    place.get_by_label("Ache, 0-10").fill("6")
    place.get_by_label("Release", exact=True).select_option("complete")


def test_six_muscles_are_logged_signed_amended_and_read_without_scripts(
    page: Page, room: Room
) -> None:
    page.get_by_role("link", name="New patient").click()
    name = NAMES[width(page)]
    page.get_by_label("First names").fill("Ana")
    page.get_by_label("Last name").fill(name)
    page.get_by_role("button", name="Add the patient").click()
    expect(page.get_by_role("status")).to_contain_text("Stored.")
    chart = page.url.partition("?")[0]
    page.get_by_role("link", name="New session").click()
    page.get_by_label("Technique").select_option("gunn_ims")
    page.get_by_label("Practitioner").select_option(label="Dana Okafor")
    needle = page.get_by_role("group", name="The needle, for every muscle")
    needle.get_by_label("Needle, mm thick").fill("0,30")
    needle.get_by_label("Needle, mm long").fill("40")
    for number, muscle in enumerate(MUSCLES):
        fill_row(page, number, muscle)
    assert height(page) <= HEIGHTS[width(page)]
    for count in ("Opened", "Inserted", "Removed", "Disposed of"):
        page.get_by_label(count, exact=True).fill("6")
    page.get_by_label("Plan", exact=True).fill("Again in a week.")
    page.get_by_role("button", name="More rows: muscle").click()
    expect(page.locator("[id='needlings.11']")).to_be_visible()
    page.get_by_role("button", name="Store the draft").click()
    fault = page.get_by_role("alert")
    expect(fault).to_contain_text("Muscle 6: Side: This is needed.")
    expect(page.get_by_label("Plan", exact=True)).to_have_value("Again in a week.")
    row(page, 5).get_by_label("Side", exact=True).first.select_option("right")
    page.get_by_role("button", name="Store the draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Sign the session: Ana {name}")
    expect(page.get_by_text("Again in a week.")).to_be_visible()
    session_id = page.url.split("/")[-2]
    sign = page.url
    page.goto("/console")
    expect(page.get_by_text("Draft to sign").first).to_be_visible()
    page.goto(sign)
    page.get_by_role("button", name="Sign for Dana Okafor", exact=True).dblclick()
    expect(page.get_by_role("status")).to_contain_text("The session is signed.")
    page.get_by_role("link", name="Amend").click()
    page.get_by_label("Why it is amended").fill("The last one was on the left.")
    page.get_by_label("Kind").select_option("correction")
    row(page, 5).get_by_label("Side", exact=True).first.select_option("left")
    page.get_by_role("button", name="Amend").click()
    expect(page.get_by_role("status")).to_contain_text("The session is amended.")
    page.goto(chart)
    expect(page.get_by_text("Again in a week.").first).to_be_in_viewport(ratio=1)
    page.get_by_role("heading", name="Last visit").get_by_role("link").click()
    expect(page.get_by_text("The last one was on the left.").first).to_be_visible()
    stored = room.api.get(f"/v1/sessions/{session_id}").json()
    assert (stored["status"], stored["version"]) == ("signed", 3)
    assert [one["side"] for one in stored["needlings"]] == [*["left"] * 3, "right", *["left"] * 2]
    assert {one["depth_mm"] for one in stored["needlings"]} == {25}
    assert {one["needle"]["length_mm"] for one in stored["needlings"]} == {40}


LOOKS = ["light desktop", "dark phone", "phone with forced colours"]


def height(page: Page) -> int:
    found: int = page.evaluate("document.documentElement.scrollHeight")
    return found


def width(page: Page) -> int:
    found: int = page.evaluate("innerWidth")
    return found


@pytest.mark.parametrize(
    ("size", "scheme"), [*zip((DESKTOP, PHONE, PHONE), SCHEMES, strict=True)], ids=LOOKS
)
def test_every_form_is_accessible_with_and_without_faults(
    browser: Browser, room: Room, size: Any, scheme: Any
) -> None:
    patient = room.api.patient(given_name=LONG_NAME)
    session = room.api.session(patient_id=patient["id"], needle_count=None)
    here = f"/console/patients/{patient['id']}"
    forms = ("edit", "episodes/new", "sessions/new", "consents/new", "adverse-events/new")
    paths = [f"{here}/{form}" for form in forms]
    paths += [f"/console/sessions/{session['id']}/{act}" for act in ("sign", "screenings/new")]
    event = room.api.create(
        "/v1/adverse-events",
        patient_id=patient["id"],
        kind="bruise",
        severity="mild",
        expected=True,
        causality="certain",
        occurred_at=session["occurred_at"],
        description="A",
    )
    whole = [f"/console/adverse-events/{event['id']}/edit", "/console/clinic"]
    with browser.new_context(base_url=room.address, viewport=size, **scheme) as context:
        page = context.new_page()
        sign_in(page, room)
        for path in (*paths, *whole):
            page.goto(path)
            for _ in range(1 if path in whole else 2):
                assert violations(page) == [], path
                small = [t for t in page.evaluate(EVERY_TARGET) if 0 < t[2] < TARGET_MIN]
                assert small == [], path
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, path
                if path == paths[0]:
                    page.get_by_label("E-mail").fill("nobody")
                if path in paths:
                    page.locator("form.sheets > button").click()
