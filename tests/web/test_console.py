"""What the console shows, and to whom; each access is recorded."""

import re
from uuid import uuid4

import pytest
from fastapi import FastAPI

from app.core.values.access import ROLES, Scope
from app.core.values.clock import now
from tests.causes import causal_words
from tests.ground import Api, Clinic
from tests.progress.charts import Chart
from tests.web.console import HERE, Desk, rows, security, words

HOSTILE = (
    "\0",
    "\ud800",
    "'; DROP TABLE patients; --",
    "<script>alert(1)</script>",
    "%",
    "🪡" * 200,
)


def test_the_root_redirects_to_the_console_which_asks_to_sign_in(nobody: Desk) -> None:
    answer = nobody.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/console")
    page = nobody.get("/console")
    assert page.status_code == 401
    assert "Sign in" in page.text
    assert nobody.get("/console/patients/" + str(uuid4())).status_code == 401


def test_no_page_is_cached_or_may_run_scripts(desk: Desk, nobody: Desk, chart: Chart) -> None:
    places = ("", f"/patients/{chart.patient_id}", f"/patients/{chart.patient_id}/timeline", "/x/y")
    for answer in [who.get(f"/console{place}") for place in places for who in (desk, nobody)]:
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self';")
        assert "script" not in policy
        assert answer.headers["referrer-policy"] == "same-origin"
        assert not re.search(
            r"<script|\bon\w+=|javascript:|\bstyle=|https?://(?!www\.w3)", answer.text
        )


def test_the_scopes_of_the_api_apply(app: FastAPI, clinic: Clinic, api: Api, chart: Chart) -> None:
    front_desk = Desk(app).let_in(clinic, ROLES["front-desk"])
    assert front_desk.get("/console").status_code == 200
    for place in ("", "/timeline"):
        answer = front_desk.get(f"/console/patients/{chart.patient_id}{place}")
        assert answer.status_code == 403
        assert "the right to read progress" in answer.text
        assert answer.headers["x-request-id"] in answer.text
    assert ("console.patient", "without the scope progress:read") in security(api)
    progress_only = Desk(app).let_in(clinic, [Scope.PROGRESS_READ])
    assert progress_only.get("/console").status_code == 403
    answer = progress_only.get(f"/console/patients/{chart.patient_id}")
    assert answer.status_code == 403
    assert "the right to read patients" in answer.text
    without_events = [Scope.PROGRESS_READ, Scope.PATIENTS_READ]
    page = Desk(app).let_in(clinic, without_events).get(f"/console/patients/{chart.patient_id}")
    assert "1 mild, 0 significant" in words(page.text)
    assert "adverse_events:read" in page.text


def test_another_clinics_patient_is_not_found(desk: Desk, other_api: Api) -> None:
    theirs = other_api.patient(given_name="Quetzalcoatl")["id"]
    pages = []
    for id_ in (theirs, str(uuid4()), "1", "x" * 5000, "%00", "..%2f..", "'"):
        for place in ("", "/timeline"):
            answer = desk.get(f"/console/patients/{id_}{place}")
            assert answer.status_code == 404, id_
            main = answer.text.partition("<main")[2]
            pages.append(words(main).replace(answer.headers["x-request-id"], ""))
    assert len(set(pages)) == 1
    assert "Quetzalcoatl" not in desk.get("/console").text


def test_every_page_about_a_patient_is_recorded(desk: Desk, api: Api, chart: Chart) -> None:
    def accesses() -> list[str]:
        entries = api.get(f"/v1/patients/{chart.patient_id}/disclosures").json()["items"]
        operations = [entry["operation"] for entry in entries]
        return [operation for operation in operations if operation.startswith("console.")]

    assert accesses() == []
    person = api.get(f"/v1/patients/{chart.patient_id}").json()
    api(
        "PATCH",
        f"/v1/patients/{person['id']}",
        json={"family_name": "Xolotl"},
        headers={"If-Match": '"1"'},
    )
    desk.get("/console")
    desk.send("/console/search", q="xolo")
    desk.get(f"/console/patients/{person['id']}")
    desk.get(f"/console/patients/{person['id']}/timeline")
    assert set(accesses()) == {
        *("console.patients", "console.search", "console.patient", "console.timeline"),
    }


def test_a_page_whose_access_cannot_be_recorded_is_not_sent(
    desk: Desk, app: FastAPI, chart: Chart
) -> None:
    async def broken(_op: object) -> None:
        raise OSError

    account, app.state.account = app.state.account, broken
    try:
        answer = desk.get(f"/console/patients/{chart.patient_id}")
    finally:
        app.state.account = account
    assert answer.status_code == 500
    assert "The server failed" in answer.text
    assert "Infraspinatus" not in answer.text


def test_one_field_finds_patients_by_name_birth_date_or_chart_number(desk: Desk, api: Api) -> None:
    chart = {"system": "urn:example:emr", "value": "C-77"}
    api.patient(
        family_name="O'Brien", given_name="Ana", birth_date="1980-02-03", identifiers=[chart]
    )
    api.patient(family_name="Núñez", given_name="Bea")
    for q in ("obri", "ana obrien", "1980-02-03", "3 Feb 1980", "C-77"):
        page = desk.send("/console/search", q=q)
        assert "O&#39;Brien, Ana" in page.text
        assert "Núñez" not in page.text
        assert "Similar names" not in page.text
    assert "Núñez" in desk.send("/console/search", q="NUN").text
    assert "No patient has this name" in desk.send("/console/search", q="zzz").text
    nothing = desk.send("/console/search", q="%")
    assert nothing.status_code == 422
    assert "Give a letter or a digit." in nothing.text
    assert "stored" not in words(nothing.text[: nothing.text.index("<footer")])
    assert "Núñez" in desk.send("/console/search", q=" ").text


def test_a_search_shows_similar_names_apart_and_says_when_there_are_more(
    desk: Desk, api: Api
) -> None:
    api.patient(family_name="Nunes")
    api.patient(family_name="Núñez")
    page = words(desk.send("/console/search", q="nunez").text)
    assert page.index("Núñez") < page.index("Similar names") < page.index("Nunes")
    assert "Nobody has exactly this name." in desk.send("/console/search", q="nunec").text
    for number in range(51):
        api.patient(family_name=f"Long{number:02}")
    assert "More patients match" in desk.send("/console/search", q="long").text
    assert "More patients match" not in desk.send("/console/search", q="nunez").text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_search_breaks_nothing(desk: Desk, text: str) -> None:
    for name in ("q", "unknown"):
        raw = f"written_by={desk.client_id}&{name}=".encode() + _percent(text)
        for more in (b"", b"&other=a"):
            answer = desk.wire.post(
                "/console/search",
                content=raw + more,
                headers={**HERE, "Content-Type": "application/x-www-form-urlencoded"},
            )
            assert answer.status_code in {200, 400, 422}
            assert "<script>alert" not in answer.text


def _percent(text: str) -> bytes:
    return b"".join(b"%%%02x" % byte for byte in text.encode("utf-8", "surrogatepass"))


def test_a_body_that_is_not_a_form_is_refused(desk: Desk) -> None:
    for content, kind in ((b"{}", "application/json"), (b"a=" + b"b" * 2_000_000, None)):
        type_ = kind or "application/x-www-form-urlencoded"
        for place in ("search", "sign-in"):
            answer = desk.wire.post(
                f"/console/{place}", content=content, headers={**HERE, "Content-Type": type_}
            )
            assert answer.status_code in {413, 415}
            assert answer.headers["content-type"].startswith("text/html")
    assert desk.get("/console?unknown=1").status_code == 422
    assert desk.get("/console?cursor=x").status_code == 422
    assert desk.wire.delete("/console").status_code == 405


def test_a_long_list_continues_on_a_second_page(desk: Desk, api: Api) -> None:
    for number in range(52):
        api.patient(family_name=f"Long{number:02}")
    first = desk.get("/console").text
    way = re.search(r'href="(/console\?cursor=[^"]+)"', first)
    assert way is not None
    second = desk.get(way[1]).text
    names = set(re.findall(r"Long\d\d", first + second))
    assert len(names) == 52


def test_the_tables_say_what_the_document_says(desk: Desk, chart: Chart) -> None:
    """The pictures are drawn from the same document, so they agree with the tables."""
    page = desk.get(f"/console/patients/{chart.patient_id}").text
    document = chart.progress(as_of=now().isoformat())
    [measure] = rows(page, "data-measure")
    assert measure[:5] == ["Numeric Pain Rating Scale", "8", "2", "2", "−6 (−75 %), n = 3"]  # noqa: RUF001 - as printed
    visits = rows(page, "data-visit")
    assert [row[1] for row in visits] == ["2", "5", "8"]
    assert [row[2] for row in visits] == ["no answer", "4", "no answer"]
    muscles = rows(page, "data-muscle")
    assert len(muscles) == len(document["muscles"]) == 2
    for row, muscle in zip(muscles, document["muscles"], strict=True):
        assert row[1:5] == [
            muscle["side"],
            str(muscle["treated"]),
            str(muscle["released_complete"]),
            str(muscle["released_partial"]),
        ]
    assert [row[:4] for row in rows(page, "data-place")] == [
        ["Shoulder blade", "left", "3", "partly released"],
        ["C5", "right", "3", "completely released"],
    ]
    text = words(page)
    assert "known after 1 of 3 visits with needles" in text
    assert "An important improvement. Important improvement held since" in text
    assert "Fewer than 5 values: a trend may not be concluded." in text
    assert "A first value that was picked because it was high falls by itself." in text
    assert document["measures"][0]["thresholds"]["population"] in text
    assert document["measures"][0]["thresholds"]["source"] in text
    assert "1 mild, 0 significant, 0 serious; close calls: 0" in text
    assert page.count("<svg") == 5  # the picture of progress also for phones
    assert causal_words(text) == []
    for never in ("forecast", "will be"):
        assert never not in text.lower()


def test_a_chart_shows_the_newest_records_and_links_to_the_rest(desk: Desk, chart: Chart) -> None:
    for day in range(20, 30):
        chart.measured(day, 3)
    page = desk.get(f"/console/patients/{chart.patient_id}").text
    assert page.count("<time") == 10
    way = f"/console/patients/{chart.patient_id}/timeline"
    assert way in page
    whole = desk.get(way).text
    assert whole.count("<time") == 15
    assert "Infraspinatus left" in whole
    assert "Dana Demo" in whole


def test_texts_of_a_record_are_never_html(desk: Desk, api: Api) -> None:
    evil = '"><script>alert(1)</script>'
    system = "urn:x"
    person = api.patient(
        given_name=evil, family_name=evil, identifiers=[{"system": system, "value": evil}]
    )
    chart = Chart(api)
    chart.patient_id = person["id"]
    chart.visit(
        1, measurements=[{"phase": "before", "instrument": "psfs", "value": 1, "activity": evil}]
    )
    chart.event(1, action=evil, outcome=evil)
    for place in ("", f"/patients/{person['id']}", f"/patients/{person['id']}/timeline"):
        page = desk.get(f"/console{place}").text
        assert "<script" not in page
    assert "alert(1)" in page


def test_no_url_and_no_title_has_a_name_in_it(desk: Desk, api: Api) -> None:
    person = api.patient(given_name="Quetzalcoatl", family_name="Xochimilco")
    answers = [
        desk.get("/console"),
        desk.send("/console/search", q="xochi"),
        desk.get(f"/console/patients/{person['id']}"),
        desk.get(f"/console/patients/{person['id']}/timeline"),
    ]
    for answer in answers:
        assert "Xochimilco" in answer.text
        for kept in re.findall(r'(?:href|action)="([^"]*)"|<title>(.*?)</title>', answer.text):
            assert not re.search("xochi|quetz", "".join(kept), re.IGNORECASE)
        assert not re.search("xochi|quetz", str(answer.headers), re.IGNORECASE)


def test_the_console_is_not_part_of_the_api(app: FastAPI) -> None:
    assert not [path for path in app.openapi()["paths"] if path.startswith("/console")]


def test_the_timeline_writes_codes_as_words_and_leaves_peoples_words_alone(
    desk: Desk, api: Api, chart: Chart
) -> None:
    api.create(
        "/v1/adverse-events",
        patient_id=chart.patient_id,
        kind="skin_infection",
        severity="mild",
        expected=False,
        causality="possible",
        occurred_at="2026-01-20T10:00:00Z",
        description="code_blue in room_3",
    )
    page = words(desk.get(f"/console/patients/{chart.patient_id}/timeline").text)
    assert "mild: infection of the skin. code_blue in room_3" in page


@pytest.mark.parametrize("name", ["given_name", "family_name"])
def test_a_practitioner_with_one_name_is_named_by_it(desk: Desk, api: Api, name: str) -> None:
    treated_by = api.create("/v1/practitioners", **{name: "Suharto"})["id"]
    patient = api.session(practitioner_id=treated_by)["patient_id"]
    page = words(desk.get(f"/console/patients/{patient}").text)
    assert "· Suharto" in page
    assert "None" not in page


def test_a_page_has_days_and_times_in_the_clinics_time_zone(desk: Desk, api: Api) -> None:
    api.live_in("America/Vancouver")
    patient = api.session(occurred_at="2026-11-02T04:30:00Z")["patient_id"]
    page = words(desk.get(f"/console/patients/{patient}").text)
    assert "2026-11-01 20:30" in page
    assert "2026-11-01 to 2026-11-01" in page
    assert "2026-11-02" not in page
