"""Characters that turn the direction of a text turn nothing else on a page."""

from html.parser import HTMLParser

from tests.ground import Api
from tests.web.console import Desk
from tests.web.test_alerts import alarmed

TURN = "\u202e"
"""RIGHT-TO-LEFT OVERRIDE: without isolation, it mirrors the rest of the paragraph."""


class Texts(HTMLParser):
    """The turned texts of a page that share their element with other texts."""

    VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[list[str]] = [[]]
        self.turned, self.strays = 0, list[str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        if tag not in self.VOID:
            self.open.append([])

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            own = [text for text in self.open.pop() if text.strip()]
            turned = [text for text in own if TURN in text]
            self.turned += len(turned)
            self.strays += [
                text for text in turned if len(own) > 1 or not text.strip().endswith(TURN)
            ]

    def handle_data(self, data: str) -> None:
        self.open[-1].append(data)


def test_what_people_typed_stands_alone_in_its_element(api: Api, desk: Desk) -> None:
    """The style sheet isolates each element, so the direction of a text ends with it."""
    patient = api.patient(given_name=f"Ann{TURN}", family_name=f"Lee{TURN}", phone=f"12{TURN}")[
        "id"
    ]
    practitioner = api.practitioner(given_name=f"Dana{TURN}", family_name=f"Li{TURN}")["id"]
    device = {"name": f"Room{TURN}", "practitioner_id": practitioner, "scopes": ["patients:read"]}
    api.create("/v1/devices", **device)
    api.create("/v1/clients", name=f"Desk{TURN}", scopes=["patients:read"])
    account = {"name": f"Kim{TURN}", "sign_in_name": "kim", "role": "front-desk"}
    person = api.create("/v1/accounts", **account)["id"]
    alert = alarmed(api, patient)
    note = {"action": "called", "note": f"Called.{TURN}"}
    assert api.post(f"/v1/alerts/{alert['id']}/acknowledge", note).status_code == 200
    alarmed(api, patient)
    chart = f"/patients/{patient}"
    places = ["", chart, f"{chart}/timeline", "/alerts", "/alerts?status=acknowledged"]
    places += [f"/alerts/{alert['id']}", "/people", f"/people/{person}", "/devices", "/keys"]
    found = {place: Texts(desk.get(f"/console{place}").text) for place in places}
    assert {place: page.strays for place, page in found.items() if page.strays} == {}
    assert [place for place, page in found.items() if not page.turned] == []


def test_the_style_sheet_isolates_every_element(desk: Desk) -> None:
    sheet = desk.get("/console/console.css").text
    assert "body :not(br, svg, svg *) { unicode-bidi: isolate; }" in sheet
