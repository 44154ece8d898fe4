"""The page of one session, its versions, and who looked at a chart."""

import re
from html import unescape

from fastapi import FastAPI

from app.core.values.access import ROLES, Scope
from tests.accounts.people import joined
from tests.ground import Api, Clinic
from tests.progress.charts import Chart
from tests.web.console import Desk, rows, words
from tests.web.writing.sent import send

NEEDLED = [
    {
        "muscle": "infraspinatus",
        "side": "left",
        "needle": {"diameter_mm": 0.3, "length_mm": 40, "lot": None},
        "insertions": 4,
        "depth_mm": 25,
        "grasp": "strong",
        "twitches": 3,
        "ache": 6,
        "release": "complete",
        "release_after_s": 40,
    }
]
LINE = (
    "L infraspinatus: 4 insertions, 0.30 × 40 mm, 25 mm deep; strong grasp, 3 twitches;"  # noqa: RUF001 - as printed
    " deep ache 6/10, complete release after 40 s"
)
COUNTED = dict.fromkeys(("opened", "inserted", "removed", "disposed"), 1)


def visit(chart: Chart, day: float = 3, **body: object) -> dict[str, object]:
    told = {"plan": "Review in two weeks.", "note": "Sleeps better.", "needlings": NEEDLED}
    return chart.visit(day, 6, needle_count=COUNTED, **(told | body))


def test_a_session_page_shows_the_whole_note_and_the_same_note_as_text(
    desk: Desk, api: Api
) -> None:
    session = visit(Chart(api))
    page = desk.get(f"/console/sessions/{session['id']}").text
    assert LINE in words(page)
    plain = api.get(f"/v1/sessions/{session['id']}/note").text
    copied = unescape(page.partition("<textarea")[2].partition(">\n")[2].partition("</textarea")[0])
    assert copied == re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-", "", plain)
    assert str(session["id"]) in words(page.partition("<textarea")[0])
    assert str(session["id"]) not in copied
    for line in filter(None, (line.strip(" -") for line in plain.splitlines())):
        assert " ".join(line.split()) in words(page.partition("<textarea")[0]), line


def test_an_amendment_shows_who_when_why_and_what_it_said_before(desk: Desk, api: Api) -> None:
    chart = Chart(api)
    signed = chart.act(visit(chart), "sign")
    changes = {
        "plan": "Review in four weeks.",
        "note": "Sleeps\nwell.",
        "needlings": [{**NEEDLED[0], "depth_mm": 20}],
    }
    asked = {
        "kind": "correction",
        "reason": "The date of the review was wrong.",
        "changes": changes,
    }
    amended = chart.act(signed, "amend", asked)
    chart.act(amended, "void", {"reason": "Entered for the wrong person."})
    page = desk.get(f"/console/sessions/{signed['id']}").text
    told = words(page)
    assert "Reason: correction: The date of the review was wrong." in told
    assert "Reason: Entered for the wrong person." in told
    for act in ("Recorded", "Signed", "Amended", "Voided"):
        assert f"{act} · " in told, act
    found = {row[0]: row[1:] for row in rows(page, "data-difference")}
    assert found["Plan"] == ["Review in two weeks.", "Review in four weeks."]
    assert found["Needling"] == [LINE, LINE.replace("25 mm", "20 mm")]
    assert "Sleeps\nwell." in found["Note"][1]
    for marked in ("<del>25</del>", "<ins>20</ins>", "<del>two</del>", "<ins>four</ins>"):
        assert marked in page
    assert "Changed by version 3: Needling; Note; Plan" in told


def test_the_chart_and_the_timeline_lead_to_each_session(desk: Desk, api: Api) -> None:
    chart = Chart(api)
    one, other = visit(chart), visit(chart, 9)
    page = desk.get(f"/console/patients/{chart.patient_id}").text
    whole = desk.get(f"/console/patients/{chart.patient_id}/timeline").text
    for session in (one, other):
        assert f'href="/console/sessions/{session["id"]}"' in page
        assert f'href="/console/sessions/{session["id"]}"' in whole


def test_another_clinics_session_is_not_found_and_the_scopes_of_the_api_apply(
    desk: Desk, app: FastAPI, clinic: Clinic, api: Api, other_api: Api
) -> None:
    theirs = other_api.session()["id"]
    assert desk.get(f"/console/sessions/{theirs}").status_code == 404
    session = visit(Chart(api))
    path = f"/console/sessions/{session['id']}"
    for scopes in ({Scope.PATIENTS_READ}, {Scope.SESSIONS_READ}, ROLES["front-desk"]):
        assert Desk(app).let_in(clinic, scopes).get(path).status_code == 403
    without = {Scope.PATIENTS_READ, Scope.PROGRESS_READ}
    page = Desk(app).let_in(clinic, without).get(f"/console/patients/{session['patient_id']}").text
    assert "sessions:read" in words(page)
    assert "/console/sessions/" not in page
    assert "Sleeps better" not in page


def test_who_looked_at_a_chart_is_shown_to_those_who_may_read_the_ledger(
    desk: Desk, app: FastAPI, clinic: Clinic, api: Api
) -> None:
    session = visit(Chart(api))
    chart = f"/console/patients/{session['patient_id']}"
    desk.get(f"/console/sessions/{session['id']}")
    assert f'href="{chart}/looked"' in desk.get(chart).text
    found = rows(desk.get(f"{chart}/looked").text, "data-look")
    assert [row[2] for row in found] == ["the chart", "a session"]
    api.get("/v1/sessions")
    api.get(f"/v1/sessions/{session['id']}")
    desk.get(f"/console/sessions/{session['id']}/void")
    read = [row[2] for row in rows(desk.get(f"{chart}/looked").text, "data-look")]
    assert read[:3] == ["the session, to make it void", "one of the sessions", "a list of sessions"]
    assert all(row[1] for row in found)
    entries = api.get(f"/v1{chart.removeprefix('/console')}/disclosures").json()["items"]
    assert "console.looked" in {entry["operation"] for entry in entries}
    for _ in range(3):
        desk.get("/console")
    refused = send(desk, f"{chart}/chart-summary", to__type="insurer", purpose="A claim")
    assert refused.status_code in {403, 409, 422}
    looks = rows(desk.get(f"{chart}/looked").text, "data-look")
    assert [row[2] for row in looks].count("the list of patients (3 times that day)") == 1
    [said] = [row[3] for row in looks if row[2] == "the chart, as PDF for a recipient"]
    assert said == "Refused: nothing was released"
    less = Desk(app).let_in(clinic, set(Scope) - {Scope.AUDIT_READ})
    assert less.get(f"{chart}/looked").status_code == 403
    assert "/looked" not in less.get(chart).text


def test_acts_on_a_session_are_offered_only_to_those_who_may_answer_for_it(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    session = visit(Chart(api))
    other = api.practitioner(given_name="Lee")["id"]
    for own, offered in ((session["practitioner_id"], True), (other, False)):
        body = {"role": "practitioner", "practitioner_id": own, "sign_in_name": own}
        desk = joined(app, clinic, api, **body).desk
        for page in (f"sessions/{session['id']}", f"patients/{session['patient_id']}"):
            shown = desk.get(f"/console/{page}").text
            assert (f"/sessions/{session['id']}/sign" in shown) == offered, page
            assert (f"/sessions/{session['id']}/void" in shown) == offered, page


def test_everything_about_a_patient_is_a_file_for_those_who_may_read_the_ledger(
    desk: Desk, app: FastAPI, clinic: Clinic, api: Api
) -> None:
    chart = f"/console/patients/{api.patient(given_name='Ana')['id']}"
    assert f'href="{chart}/everything.zip" download' in desk.get(chart).text
    answer = desk.get(f"{chart}/everything.zip")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    entries = api.get(f"/v1{chart.removeprefix('/console')}/disclosures").json()["items"]
    assert "console.everything" in {entry["operation"] for entry in entries}
    less = Desk(app).let_in(clinic, set(Scope) - {Scope.AUDIT_READ})
    assert less.get(f"{chart}/everything.zip").status_code == 403
    assert "everything.zip" not in less.get(chart).text
