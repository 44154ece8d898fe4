"""A chart says things in words: no codes, no dashes for what is unknown, few decimals."""

import re
from collections.abc import Iterator

from tests.ground import Api
from tests.progress.charts import Chart, moment
from tests.summaries.test_codes_on_paper import charted, codes_in
from tests.web.console import Desk, words

CODE = re.compile(r"\b[a-z]+_[a-z_0-9]+\b|\burn:|\b[a-z]+\.[a-z]+_")
DECIMALS = re.compile(r"(?<![.\w])\d+\.\d{4,}\b(?!/)")  # not parts of a DOI
LONE_DASH = re.compile(r">\s*[–-]\s*<|(MDC|MCID) –")  # noqa: RUF001 - the page's own dash


def spoken(page: str) -> str:
    """What a page says in sight, or to a screen reader, without what is marked as a code."""
    main = page.partition("<main")[2]
    return words(re.sub(r"<code>.*?</code>", "", main, flags=re.DOTALL))


def filled(api: Api) -> Chart:
    chart = Chart(api)
    person = api.get(f"/v1/patients/{chart.patient_id}").json()
    numbers = [{"system": "urn:demo:chart", "value": "C-77"}]
    api.change(person, "/v1/patients", identifiers=numbers, status="inactive")
    episode = chart.episode(
        region="low_back", side="bilateral", red_flags=["night_pain"], opened_at=moment(0)
    )
    chart.episode(region="neck", opened_at=moment(1))
    values = (7, 6, 6.5, 3, 5)
    for week, value in enumerate(values):
        chart.visit(
            7 * week,
            value,
            episode_id=episode["id"],
            technique="trigger_point",
            position="side_lying",
            needlings=[
                {"muscle": "first_dorsal_interosseous_manus", "side": "left", "ache": None},
                {
                    "muscle": "multifidus_lumborum",
                    "side": "right",
                    "spinal_level": "L4",
                    "sensations": ["deep_ache"],
                    "release": "partial",
                },
            ],
            needle_count=dict.fromkeys(("opened", "inserted", "removed", "disposed"), 2),
        )
    chart.missed(40, "no_show")
    chart.measured(3, 6)
    chart.event(9)
    return chart


def pages(desk: Desk, chart: Chart) -> Iterator[tuple[str, str]]:
    here = f"/console/patients/{chart.patient_id}"
    # A session's page is not among them: its note names the systems of numbers for the reader.
    for path in ("/console", here, f"{here}/timeline"):
        yield path, desk.get(path).text


def test_the_pages_about_a_patient_show_words_in_place_of_codes(desk: Desk, api: Api) -> None:
    for path, page in pages(desk, filled(api)):
        text = spoken(page)
        assert CODE.findall(text) == [], path
        assert DECIMALS.findall(text) == [], path
        assert LONE_DASH.findall(page) == [], path


def test_an_empty_chart_says_in_words_what_is_missing(desk: Desk, api: Api) -> None:
    patient = api.patient()["id"]
    page = desk.get(f"/console/patients/{patient}").text
    text = spoken(page)
    assert "There was no visit yet." in text
    assert "No episode is open." in text
    assert "Consent none recorded" in text
    assert LONE_DASH.findall(page) == []
    assert "None" not in text


def test_the_last_visit_stands_before_everything_but_identity_and_alerts(
    desk: Desk, api: Api
) -> None:
    api.live_in("America/Vancouver")
    chart = filled(api)
    found = [{"segment": "C5", "side": "left", "sign": "taut_band", "grade": 2}]
    chart.visit(60.5, 2, plan="Review in two weeks.", note="Sleeps better.", findings=found)
    text = spoken(desk.get(f"/console/patients/{chart.patient_id}").text)
    order = ["C-77", "Before you needle", "Last visit", "Plan Review in two weeks."]
    order += ["Findings by segment L C5, taut band: 2/3", "Needled"]
    order += ["Note Sleeps better.", "Complaint and goals", "Shoulder pain (", "What changed"]
    order += [
        "Progress over time",
        "Where the patient was needled",
        "Adverse events",
        "Timeline 2026",
    ]
    places = [text.find(each) for each in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)
    assert moment(60.5)[:16].replace("T", " ") in text


def test_a_plan_stays_on_the_chart_until_a_visit_has_another(desk: Desk, api: Api) -> None:
    api.live_in("America/Vancouver")
    chart = filled(api)
    chart.visit(60.5, 2, plan="Leave piriformis out.")
    chart.visit(61.5, 2)
    text = spoken(desk.get(f"/console/patients/{chart.patient_id}").text)
    day = moment(60.5)[:10]
    assert f"Plan none written Last plan, of {day} Leave piriformis out." in text


def test_what_changed_is_said_once_and_the_picture_does_not_repeat_it(desk: Desk, api: Api) -> None:
    chart = Chart(api)
    for week, value in enumerate((8, 6, 5, 4, 2)):
        chart.visit(7 * week, value)
    page = desk.get(f"/console/patients/{chart.patient_id}").text
    seen = re.sub(r"<(desc|details|title)\b.*?</\1>", "", page, flags=re.DOTALL)
    seen = re.sub(r'<div class="picture on-narrow">.*?</svg>', "", seen, flags=re.DOTALL)
    for said in ("hanged by \N{MINUS SIGN}6", "n important improvement", "known after 0 of 5"):
        assert words(seen).count(said) == 1, said


def test_what_turned_long_ago_is_folded_and_what_is_true_now_stands_at_its_measure(
    desk: Desk, api: Api
) -> None:
    """The values got worse again and then better, long before today: that is over."""
    chart = Chart(api)
    for week, value in enumerate((8, 2, 2, 7, 7, 1, 1)):
        chart.visit(7 * week, value)
    assert "recurrence" in {flag["code"] for flag in chart.progress()["flags"]}
    page = desk.get(f"/console/patients/{chart.patient_id}").text
    before, _, after = page.partition('<details class="past">')
    assert "Worse again" not in words(before)
    assert "Worse again than a level that was held, since" in words(
        after.partition("</details>")[0]
    )


def test_no_code_of_any_record_stands_on_a_chart_a_timeline_or_a_session(
    desk: Desk, api: Api
) -> None:
    patient, session = charted(api)
    chart = f"/console/patients/{patient}"
    for path in (chart, f"{chart}/timeline", f"/console/sessions/{session}"):
        assert codes_in(spoken(desk.get(path).text)) == [], path
