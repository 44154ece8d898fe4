"""A practitioner logs six muscles with the form, signs and amends, in a real browser."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any, NamedTuple

import pytest
from httpx2 import Client
from playwright.sync_api import Browser, Page, expect

from app.core.db.database import Database
from tests import templates
from tests.ground import Api, create_clinic
from tests.serving import HOST, serving
from tests.web.test_browser import EVERY_TARGET, TARGET_MIN, violations
from tests.web.test_follow_ups_in_browser import DESKTOP, PHONE, SCHEMES

pytestmark = pytest.mark.alike
MUSCLES = ("infra L", "supra L", "lev scap L", "glut med R", "upper trap L", "Teres minor")
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


@pytest.fixture(name="page", params=[PHONE, DESKTOP], ids=["phone", "desktop"])
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


def fill_row(page: Page, row: int, muscle: str) -> None:
    place = page.get_by_role("group", name=f"Muscle {row + 1}", exact=True)
    place.get_by_label("Muscle", exact=True).fill(muscle)
    place.get_by_label("Needle, mm thick").fill("0,30")
    place.get_by_label("Needle, mm long").fill("40")
    place.get_by_label("Depth, mm").fill("25")
    place.get_by_label("Ache, 0-10").fill("6")
    place.get_by_label("Release", exact=True).select_option("complete")


def test_six_muscles_are_logged_signed_and_amended_without_scripts(page: Page, room: Room) -> None:
    page.get_by_role("link", name="New patient").click()
    page.get_by_label("First names").fill("Ana")
    page.get_by_label("Last name").fill("Núñez")
    page.get_by_role("button", name="Add the patient").click()
    expect(page.get_by_role("status")).to_contain_text("Stored.")
    page.get_by_role("link", name="New session").click()
    page.get_by_label("Technique").select_option("gunn_ims")
    page.get_by_label("Practitioner").select_option(label="Dana Okafor")
    for row, muscle in enumerate(MUSCLES):
        fill_row(page, row, muscle)
    for name in ("Opened", "Inserted", "Removed", "Disposed of"):
        page.get_by_label(name, exact=True).fill("6")
    page.get_by_label("Plan", exact=True).fill("Again in a week.")
    page.get_by_role("button", name="Store the draft").click()
    fault = page.get_by_role("alert")
    expect(fault).to_contain_text("Muscle 6: Side")
    expect(page.get_by_label("Plan", exact=True)).to_have_value("Again in a week.")
    page.get_by_role("group", name="Muscle 6", exact=True).get_by_label("Side").select_option(
        "right"
    )
    page.get_by_role("button", name="Store the draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sign the session: Ana Núñez")
    expect(page.get_by_text("Again in a week.")).to_be_visible()
    session_id = page.url.split("/")[-2]
    page.get_by_role("button", name="Sign", exact=True).dblclick()
    expect(page.get_by_role("status")).to_contain_text("Stored.")
    page.get_by_role("link", name="Amend").click()
    page.get_by_label("Why it is amended").fill("The last one was on the left.")
    page.get_by_label("Kind").select_option("correction")
    page.get_by_role("group", name="Muscle 6", exact=True).get_by_label("Side").select_option(
        "left"
    )
    page.get_by_role("button", name="Amend").click()
    expect(page.get_by_role("status")).to_contain_text("Stored.")
    stored = room.api.get(f"/v1/sessions/{session_id}").json()
    assert (stored["status"], stored["version"]) == ("signed", 3)
    assert [one["side"] for one in stored["needlings"]] == [*["left"] * 3, "right", *["left"] * 2]
    assert {one["depth_mm"] for one in stored["needlings"]} == {25}


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark", "forced"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_form_is_accessible_with_and_without_faults(
    browser: Browser, room: Room, size: Any, scheme: Any
) -> None:
    patient = room.api.patient(given_name=LONG_NAME)
    session = room.api.session(patient_id=patient["id"], needle_count=None)
    here = f"/console/patients/{patient['id']}"
    forms = ("edit", "episodes/new", "sessions/new", "consents/new", "adverse-events/new")
    paths = [f"{here}/{form}" for form in forms]
    paths += [f"/console/sessions/{session['id']}/{act}" for act in ("sign", "screenings/new")]
    with browser.new_context(base_url=room.address, viewport=size, **scheme) as context:
        page = context.new_page()
        sign_in(page, room)
        for path in paths:
            page.goto(path)
            for _ in range(2):
                assert violations(page) == [], path
                small = [t for t in page.evaluate(EVERY_TARGET) if 0 < t[2] < TARGET_MIN]
                assert small == [], path
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, path
                if path.endswith("edit"):
                    page.get_by_label("E-mail").fill("nobody")
                page.locator("form.sheets > button").click()
