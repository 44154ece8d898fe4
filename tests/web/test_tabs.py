"""Each tab has a title of its own, and a browser keeps the style sheet by its version."""

import re

from tests.ground import Api
from tests.progress.charts import Chart
from tests.web.console import Desk


def title(page: str) -> str:
    found = re.search("<title>(.*?)</title>", page)
    assert found is not None
    return found[1]


def test_each_page_about_a_patient_has_its_own_title_without_the_name(desk: Desk, api: Api) -> None:
    chart = Chart(api)
    patient = api.patient(given_name="Ann", family_name="Berg")
    chart.patient_id = patient["id"]
    visits = [chart.visit(day, 3) for day in (1, 8)]
    places = [f"patients/{patient['id']}{more}" for more in ("", "/timeline", "/looked")]
    places += [f"sessions/{visit['id']}" for visit in visits]
    titles = [title(desk.get(f"/console/{place}").text) for place in places]
    assert len(set(titles)) == len(places)
    assert all(each.startswith("A. B. · ") for each in titles)
    nameless = api.patient(given_name=None, family_name=None)["id"]
    assert title(desk.get(f"/console/patients/{nameless}").text).startswith("no name · ")


def test_a_browser_keeps_the_style_sheet_for_a_year_by_its_version(desk: Desk) -> None:
    page = desk.get("/console").text
    for name in ("console.css", "console.svg"):
        found = re.search(rf'href="(/console/{name}\?v=[0-9a-f]+)"', page)
        assert found is not None
        answer = desk.get(found[1])
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        for other in (f"/console/{name}", f"/console/{name}?v=0"):
            assert desk.get(other).headers["cache-control"] == "no-cache"
            assert desk.get(other).content == answer.content
        tag = {"If-None-Match": answer.headers["etag"]}
        assert desk.get(f"/console/{name}", headers=tag).status_code == 304


def test_no_page_repeats_what_its_address_says(desk: Desk, chart: Chart) -> None:
    """Else the size of a compressed page could tell another site what it holds."""
    here = f"/console/patients/{chart.patient_id}"
    places = ("/console", here, f"{here}/timeline", f"{here}/looked", "/console/alerts")
    for place in (*places, "/console/follow-ups", "/console/nothing"):
        for name in ("said", "cursor", "show", "q", "to", "strange"):
            page = desk.get(f"{place}?{name}=Xylo").text
            assert "Xylo" not in page, (place, name)
    assert "Xylo" not in desk.get("/console/Xylo").text


def test_the_style_sheet_and_a_chart_are_compressed(desk: Desk, chart: Chart) -> None:
    for path in ("/console/console.css", f"/console/patients/{chart.patient_id}"):
        answer = desk.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) * 3 < len(answer.content)
