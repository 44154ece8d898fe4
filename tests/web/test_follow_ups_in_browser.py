"""Follow-ups in a real browser: found, phoned and cancelled by eye and by keyboard."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, NamedTuple

import pytest
from httpx2 import Client
from playwright.sync_api import Browser, Page, expect

from app.core.db.database import Database
from tests import templates
from tests.asks.asked import consent, signed
from tests.deliveries.mailbox import SENDER, Mailbox, mail_server
from tests.ground import Api, create_clinic
from tests.serving import HOST, PATIENCE_S, serving
from tests.web.test_browser import EVERY_TARGET, TARGET_MIN, violations

pytestmark = pytest.mark.alike
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
TABLET = {"width": 820, "height": 1180}
SCHEMES: tuple[dict[str, Any], ...] = (
    {"color_scheme": "light", "forced_colors": "none"},
    {"color_scheme": "dark", "forced_colors": "none"},
    {"color_scheme": "light", "forced_colors": "active"},
)


class Asking(NamedTuple):
    """A running server that asks patients, and the addresses of two follow-ups to call."""

    address: str
    key: str
    api: Api
    failed: list[dict[str, Any]]
    due: dict[str, Any]


@pytest.fixture(name="asking", scope="module")
def a_server_that_asks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    folder = tmp_path_factory.mktemp("asking")
    with ExitStack() as stack:
        url = stack.enter_context(templates.migrated(folder, is_sqlite=True))
        database = stack.enter_context(closing(Database(url)))
        clinic = create_clinic(database)
        box = stack.enter_context(mail_server())
        running = stack.enter_context(
            serving(
                folder / "log",
                NEEDLEWORK_DATABASE_URL=url,
                NEEDLEWORK_SMTP_URL=f"smtp+plain://{HOST}:{box.port}",
                NEEDLEWORK_MAIL_FROM=SENDER,
                NEEDLEWORK_PUBLIC_URL=f"http://{HOST}",
                NEEDLEWORK_OUTGOING_TO_LOOPBACK="1",
            )
        )
        address = f"http://{HOST}:{running.port}"
        api = Api(stack.enter_context(Client(base_url=address)), clinic.key())
        api.live_in(_zone_of_noon())
        failed = _asks(api, box, "Anahit", "Bela", "Chiara", "Dmitri", "Efua", "Farid", "Hana")
        hour_ago = datetime.now(UTC) - timedelta(hours=1)
        yield Asking(address, api.key, api, failed, _ask(api, "Gita", hour_ago))


def _zone_of_noon() -> str:
    """A zone in which it is about noon now: no quiet hour is near."""
    behind = datetime.now(UTC).hour - 12
    return f"Etc/GMT{behind:+d}" if behind else "Etc/GMT"


def _ask(api: Api, name: str, ended_at: datetime) -> dict[str, Any]:
    patient = api.patient(given_name=name, family_name="Example", phone="+1 604 555 0100")["id"]
    at = (ended_at - timedelta(minutes=45)).isoformat()
    consent(api, patient, obtained_at=at)
    session = signed(api, patient, occurred_at=at)
    [ask] = api.get(f"/v1/asks?session_id={session['id']}").json()["items"]
    found: dict[str, Any] = ask
    return found


def _asks(api: Api, box: Mailbox, *names: str) -> list[dict[str, Any]]:
    """Follow-ups whose messages the mail server refuses."""
    box.answers["RCPT"] = "550 No such person"
    day_ago = datetime.now(UTC) - timedelta(hours=24, minutes=5)
    made = [_ask(api, name, day_ago) for name in names]
    ends = time.monotonic() + PATIENCE_S
    while len(api.get("/v1/asks?status=failed").json()["items"]) < len(made):
        assert time.monotonic() < ends, api.get("/v1/asks").json()
        time.sleep(0.2)
    del box.answers["RCPT"]
    return made


def sign_in(page: Page, asking: Asking) -> None:
    page.goto("/console/sign-in")
    page.fill("#key", asking.key)
    page.press("#key", "Enter")
    expect(page.get_by_role("heading", name="Patients")).to_be_visible()


@pytest.mark.parametrize(
    ("which", "size", "scripts"),
    [
        pytest.param(0, DESKTOP, False, id="desktop, no scripts"),
        pytest.param(1, DESKTOP, True, id="desktop, scripts"),
        pytest.param(2, PHONE, False, id="phone, no scripts"),
        pytest.param(3, PHONE, True, id="phone, scripts"),
        pytest.param(6, TABLET, False, id="tablet, no scripts"),
    ],
)
def test_a_call_is_found_and_its_red_flag_says_at_once_what_to_do(
    browser: Browser,
    asking: Asking,
    which: int,
    size: Any,
    scripts: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    ask = asking.failed[which]
    with browser.new_context(
        base_url=asking.address, viewport=size, java_script_enabled=scripts
    ) as context:
        page = context.new_page()
        sign_in(page, asking)
        menu = page.get_by_text("Menu", exact=True)
        if menu.is_visible():  # in a narrow window
            menu.click()
        page.get_by_role("link", name=re.compile("Follow-ups . to call")).click()
        page.locator(f'a[href$="{ask["id"]}"]').click()
        expect(page.get_by_text("The address was refused.")).to_be_visible()
        expect(page.get_by_role("link", name="+1 604 555 0100")).to_be_visible()
        page.get_by_role("link", name="Phoned: enter what they say").click()
        page.get_by_label("In their words").fill("A little short of breath.")
        page.get_by_role("button", name="Store the report").click()
        expect(page.get_by_role("alert")).to_contain_text("Nothing is stored yet")
        expect(page.get_by_label("In their words")).to_have_value("A little short of breath.")
        page.get_by_label("Breathlessness").check()
        page.get_by_label("3", exact=True).check()
        page.get_by_role("button", name="Store the report").dblclick()
        expect(page.get_by_role("heading", name="Alert: breathlessness")).to_be_in_viewport()
        expect(page.get_by_text("In an emergency the patient calls")).to_be_in_viewport()
        page.get_by_label("Called").check()
        page.get_by_role("button", name="Acknowledge").click()
        expect(page.get_by_role("status")).to_contain_text("Acknowledged")
    found = asking.api.get(f"/v1/sessions/{ask['session_id']}/follow-ups").json()["items"]
    assert [(one["soreness"], one["red_flags"]) for one in found] == [(3, ["breathlessness"])]


def test_a_report_is_entered_by_keyboard_alone(browser: Browser, asking: Asking) -> None:
    ask = asking.failed[4]
    with browser.new_context(base_url=asking.address, viewport=DESKTOP) as context:  # type: ignore[arg-type]
        page = context.new_page()
        sign_in(page, asking)
        page.goto(f"/console/follow-ups/{ask['id']}/phoned")
        while not page.evaluate("document.activeElement.name === 'none_of_these'"):
            page.keyboard.press("Tab")
            assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
        for key in ("Space", "Tab", "Space", "ArrowRight", "ArrowRight", "Enter"):
            page.keyboard.press(key)
        expect(page.get_by_role("status")).to_contain_text("The report is stored")
        expect(page.get_by_text("2 of 10")).to_be_visible()


def test_every_page_of_follow_ups_is_accessible(browser: Browser, asking: Asking) -> None:
    """Axe finds no violation in any colours, no target is too small, and nothing is too wide."""
    seen: list[tuple[str, Any, Any]] = []
    failed, due = asking.failed[5], asking.due
    places = ["", "?show=due", "?show=failed", "?show=answered", "?show=cancelled"]
    places += [f"/{failed['id']}", f"/{failed['id']}/phoned", f"/{due['id']}"]
    with browser.new_context(base_url=asking.address, reduced_motion="reduce") as context:
        page = context.new_page()
        sign_in(page, asking)

        def look(state: str) -> None:
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            for scheme, width in product(SCHEMES, (1440, 820, 390)):
                page.emulate_media(**scheme)
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, state
                seen.append((state, violations(page), page.evaluate(EVERY_TARGET)))

        for place in places:
            page.goto(f"/console/follow-ups{place}")
            look(place)
        page.goto(f"/console/follow-ups/{failed['id']}/phoned")
        page.get_by_role("button", name="Store the report").click()
        page.get_by_role("alert").first.wait_for()
        look("refused")
        page.goto(f"/console/patients/{failed['patient_id']}")
        look("chart")
        page.goto("/console")
        look("list")
    assert [(state, found) for state, found, _ in seen if found] == []
    targets = [(state, target) for state, _, found in seen for target in found]
    assert [each for each in targets if min(each[1][1:]) < TARGET_MIN] == []
