"""Characters that turn the direction of a text turn nothing else on a page."""

import re
from html.parser import HTMLParser

from tests.ground import Api
from tests.summaries.charts import COUNT
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


SAID = "ادامه با L4."
"""A Persian text that ends in Latin letters and a full stop: from left to right it is garbled."""
PERSIAN = re.compile("[\u0600-\u06ff]")
ISOLATED = re.compile("\u2068[^\u2069]*\u2069")


class Leftward(HTMLParser):
    """The Persian texts of a page whose element doesn't take its direction from what it holds."""

    VOID = Texts.VOID
    UNSEEN = frozenset({"svg", "title"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.found, self.strays = 0, list[str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        is_auto = tag == "bdi" or own.get("dir") == "auto"
        if tag == "input" and PERSIAN.search(own.get("value") or ""):
            self._see(str(own["value"]), is_right=is_auto or own.get("type") == "hidden")
        if tag not in self.VOID:
            self.open.append((tag, is_auto))

    def handle_endtag(self, tag: str) -> None:
        while tag not in self.VOID and self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if any(tag in self.UNSEEN for tag, _ in self.open):
            return
        if PERSIAN.search(data):
            is_isolated = not PERSIAN.search(ISOLATED.sub("", data))
            self._see(data, is_right=is_isolated or (bool(self.open) and self.open[-1][1]))

    def _see(self, text: str, *, is_right: bool) -> None:
        self.found += 1
        if not is_right:
            self.strays.append(f"{[tag for tag, _ in self.open][-2:]} {' '.join(text.split())}")


def spoken(api: Api) -> tuple[str, str]:
    """A patient of whom every text is Persian, and a signed session of theirs; gives their ids."""
    here = api.get("/v1/clinic").json()
    tag = {"If-Match": f'"{here["version"]}"'}
    assert api("PATCH", "/v1/clinic", json={"name": SAID}, headers=tag).status_code == 200
    patient = api.patient(given_name=SAID, family_name=SAID)["id"]
    person = api.practitioner(given_name=SAID, family_name=SAID)["id"]
    about = {"patient_id": patient, "complaint": SAID, "goals": [SAID]}
    coded = [{"system": "ICD-10", "code": "M54", "display": SAID}]
    episode = api.create("/v1/episodes", **about, diagnoses=coded)["id"]
    own = {"vocabulary": "event_kinds", "code": "own_harm", "name": SAID, "severity": "serious"}
    kind = api.create("/v1/terms", **own)["code"]
    asked = {"code": "pregnancy", "answer": "yes", "detail": SAID}
    decided = {"decision": "modified", "decided_by": SAID, "override_reason": SAID}
    event = {"kind": kind, "severity": "serious", "expected": False, "causality": "certain"}
    consent = {"kind": "needling", "decision": "refused", "form": "verbal", "given_by": SAID}
    said = {"patient_specific_risks": SAID, "alternatives_discussed": SAID, "obtained_by": SAID}
    at = "2026-10-01T09:00:00Z"
    api.create("/v1/consents", patient_id=patient, **consent, **said, obtained_at=at)
    psfs = {"phase": "before", "instrument": "psfs", "value": 4, "activity": SAID}
    row = {"muscle": "infraspinatus", "side": "left", "stopped_for": SAID, "needle": {"lot": SAID}}
    for day in ("02", "09"):
        session = api.session(
            patient_id=patient,
            practitioner_id=person,
            episode_id=episode,
            occurred_at=f"2026-10-{day}T09:00:00Z",
            note=SAID,
            plan=SAID,
            setting=SAID,
            measurements=[psfs],
            needlings=[row],
            needle_count={**COUNT, "removed": 0, "mismatch_reason": SAID},
        )
    screened = {"session_id": session["id"], "rule_set": SAID, "answers": [asked]}
    api.create("/v1/screenings", **screened, **decided, decided_at="2026-10-09T08:50:00Z")
    told = {"description": SAID, "action": SAID, "outcome": SAID, "session_id": session["id"]}
    at = "2026-10-09T12:00:00Z"
    api.create("/v1/adverse-events", patient_id=patient, **event, **told, occurred_at=at)
    report = {"reported_at": "2026-10-10T10:00:00Z", "soreness": 4, "comment": SAID}
    api.create(f"/v1/sessions/{session['id']}/follow-ups", **report, red_flags=["chest_pain"])
    note = {"action": "called", "note": SAID}
    for alert in api.get("/v1/alerts").json()["items"][:1]:
        assert api.post(f"/v1/alerts/{alert['id']}/acknowledge", note).status_code == 200
    return patient, session["id"]


def test_every_text_that_people_wrote_takes_its_direction_from_its_letters(
    api: Api, desk: Desk
) -> None:
    patient, session = spoken(api)
    chart, visit = f"/patients/{patient}", f"/sessions/{session}"
    places = ["", chart, f"{chart}/timeline", f"{chart}/details", f"{chart}/letter", visit]
    places += [f"{visit}/edit", f"{visit}/sign", f"{chart}/sessions/new", f"{chart}/edit"]
    places += ["/practitioners", "/alerts", "/alerts?status=acknowledged", "/clinic", "/lots"]
    places += [f"{chart}/chart-summary", f"{chart}/looked", f"{visit}/screenings/new"]
    found = {place: Leftward(desk.get(f"/console{place}").text) for place in places}
    assert [place for place, page in found.items() if not page.found] == []
    assert {place: page.strays for place, page in found.items() if page.strays} == {}
