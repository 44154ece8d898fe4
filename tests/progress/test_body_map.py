"""Promises of the body map of a patient."""

from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.muscles.queries import BODY, MUSCLES
from app.muscles.rules import SPINAL_LEVELS
from app.muscles.rules.body import HALF_WIDTH, points
from app.progress.rules.body_map import CENTRES, LADDER, body_map, places
from app.progress.rules.body_sheets import body_sheets
from app.progress.rules.drawing import DARKEST, LIGHTEST, SIZE, shade
from app.progress.rules.history import Json
from app.summaries.queries import LETTERS
from tests.ground import Api
from tests.progress.body import EVERY_SIDE, treated

SVG = "{http://www.w3.org/2000/svg}"
A_FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
RELEASE = st.sampled_from(["-", "-", "unasked", "none", "partial", "complete"])


def plain(slug: str) -> str:
    return slug


def hostile(slug: str) -> str:
    return f'\x00<script>alert("{slug}")</script>]]> & \ud800'.encode("utf-8", "replace").decode()


def drawn(*courses: str) -> Element:
    return fromstring(body_map(treated(*courses), BODY, plain))  # noqa: S314 - our own


def shaded(svg: Element, attribute: str) -> dict[tuple[str, str], set[str]]:
    """The fills of the needled areas, by place and side."""
    found: dict[tuple[str, str], set[str]] = {}
    for shape in svg.iter():
        if attribute in shape.attrib and shape.find(f"{SVG}title") is not None:
            key = (shape.attrib[attribute], shape.attrib["data-side"])
            found.setdefault(key, set()).add(shape.attrib["fill"])
    return found


@st.composite
def courses(draw: st.DrawFn) -> tuple[str, ...]:
    """Some muscles, at their level and on a side, over a few sessions."""
    found = {}
    for muscle in draw(st.lists(st.sampled_from(MUSCLES), max_size=12)):
        level = f" {draw(st.sampled_from(SPINAL_LEVELS))}" if muscle.paraspinal else ""
        side = draw(st.sampled_from(["left", "right", "midline"]))
        releases = draw(st.lists(RELEASE, min_size=1, max_size=8))
        found[f"{muscle.slug}{level} {side}"] = " ".join(releases)
    return tuple(f"{key} {releases}" for key, releases in found.items())


def counted(document: Json) -> dict[tuple[str, str], int]:
    """The number of sessions at each place, computed independently."""
    areas = {muscle: area.slug for area in BODY.areas for muscle in area.muscles}
    sessions: dict[tuple[str, str], set[str]] = {}
    for entry in document["muscles"]:
        key = (entry["spinal_level"] or areas[entry["muscle"]], entry["side"])
        sessions.setdefault(key, set()).update(point["session_id"] for point in entry["points"])
    return {key: len(found) for key, found in sessions.items()}


@A_FEW
@given(courses())
def test_every_needled_muscle_is_counted_in_its_area(chosen: tuple[str, ...]) -> None:
    document = treated(*chosen)
    expected = counted(document)
    found = places(document, BODY, plain)
    assert {(place.key, place.side): place.sessions for place in found} == expected
    svg = drawn(*chosen)
    levels = shaded(svg, "data-level")
    assert levels.keys() == {key for key in expected if key[0] in SPINAL_LEVELS}
    sided = {key for key in expected if key[0] not in SPINAL_LEVELS and key[1] != "midline"}
    areas = {key for key in shaded(svg, "data-area") if key[1] != "midline"}
    assert areas == {key for key in sided if key[0] != "pelvic_floor"}
    told = svg.findtext(f"{SVG}desc") or ""
    for place in found:
        words = "1 session" if place.sessions == 1 else f"{place.sessions} sessions"
        assert f"{place.name}, {place.side}: {words}" in told


@A_FEW
@given(courses())
def test_the_parts_of_a_body_map_show_together_what_the_whole_one_shows(
    chosen: tuple[str, ...],
) -> None:
    document = treated(*chosen)
    whole, told = drawn(*chosen), ""
    areas: dict[tuple[str, str], set[str]] = {}
    levels: dict[tuple[str, str], set[str]] = {}
    for each in body_sheets(document, BODY, plain):
        part = fromstring(each)  # noqa: S314 - our own
        for key, fills in shaded(part, "data-area").items():
            areas.setdefault(key, set()).update(fills)
        levels |= shaded(part, "data-level")
        told += part.findtext(f"{SVG}desc") or ""
    assert (areas, levels) == (shaded(whole, "data-area"), shaded(whole, "data-level"))
    for place in places(document, BODY, plain):
        assert place.description in told


@A_FEW
@given(courses())
def test_a_body_map_is_well_formed_whatever_a_muscle_is_called(chosen: tuple[str, ...]) -> None:
    svg = fromstring(body_map(treated(*chosen), BODY, hostile))  # noqa: S314 - our own
    assert {element.tag.removeprefix(SVG) for element in svg.iter()} <= {
        *("svg", "title", "desc", "rect", "path", "text", "circle"),
    }
    assert not any(name.startswith("on") for e in svg.iter() for name in e.attrib)


def test_the_left_of_a_patient_who_faces_us_is_on_our_right() -> None:
    svg = drawn(*EVERY_SIDE)
    for shape in svg.iter(f"{SVG}path"):
        if shape.get("data-side") not in {"left", "right"}:
            continue
        view = shape.attrib["data-view"]
        xs = [x - CENTRES[view] for x, _ in points(shape.attrib["d"])]  # type: ignore[index]
        on_our_right = (shape.attrib["data-side"] == "left") == (view == "front")
        assert all(-0.1 <= (x if on_our_right else -x) <= HALF_WIDTH for x in xs)


def test_the_ladder_has_each_level_once_on_each_side_the_left_on_the_left() -> None:
    svg = drawn(*EVERY_SIDE)
    cells = [rect for rect in svg.iter(f"{SVG}rect") if rect.get("data-level")]
    for side, nth in (("left", 0), ("midline", 1), ("right", 2)):
        column = [cell for cell in cells if cell.get("data-side") == side]
        assert [cell.get("data-level") for cell in column] == list(SPINAL_LEVELS)
        assert {float(cell.attrib["x"]) for cell in column} == {LADDER + nth * 36.0}


def test_several_muscles_of_an_area_in_one_session_count_once() -> None:
    both = places(
        treated("infraspinatus left none complete", "teres_minor left - partial"), BODY, plain
    )
    assert [(place.key, place.sessions) for place in both] == [("shoulder_blade", 2)]


@pytest.mark.parametrize(
    ("releases", "expected"),
    [
        (["none complete"], "complete"),
        (["complete none"], "none"),
        (["complete unasked"], None),
        (["complete", "unasked"], "partial"),
        (["complete", "none"], "partial"),
        (["none", "unasked"], "none"),
        (["partial", "partial"], "partial"),
        (["complete", "complete"], "complete"),
    ],
)
def test_an_area_is_released_when_all_of_it_was_the_last_time(
    releases: list[str], expected: str | None
) -> None:
    muscles = ("infraspinatus", "teres_minor")
    chosen = [f"{muscle} left {course}" for muscle, course in zip(muscles, releases, strict=False)]
    [place] = places(treated(*chosen), BODY, plain)
    assert place.release == expected


def test_darker_means_more_in_grey_too() -> None:
    """By luminance, as a printer without colours sees it."""

    def grey(colour: str) -> float:
        r, g, b = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    greys = [grey(shade(n / 20)) for n in range(21)]
    assert greys == sorted(greys, reverse=True)
    assert len(set(greys)) == 21
    assert sum(LIGHTEST) > sum(DARKEST)
    more = [
        shaded(drawn("infraspinatus left" + " none" * n), "data-area")["shoulder_blade", "left"]
        for n in (1, 2, 4, 8, 16)
    ]
    assert len({colour for colours in more for colour in colours}) == 5


def test_a_midline_needling_of_a_paired_area_is_drawn_on_the_midline() -> None:
    svg = drawn("procerus midline none")
    [marker] = svg.findall(f"{SVG}circle")
    assert float(marker.attrib["cx"]) == CENTRES["front"]
    assert shaded(svg, "data-area") == {}


def test_a_muscle_without_its_required_level_is_listed_but_not_drawn() -> None:
    told = drawn("multifidus_lumborum left none").findtext(f"{SVG}desc") or ""
    assert "At no level, left: 1 session" in told


def test_without_needlings_the_figure_is_empty() -> None:
    svg = drawn()
    assert shaded(svg, "data-area") == shaded(svg, "data-level") == {}
    assert svg.findtext(f"{SVG}desc") == "No attended session."


def test_the_body_map_takes_the_parameters_of_progress(api: Api, other_api: Api) -> None:
    patient = api.patient(given_name="Quetzalcoatl", family_name="Xochimilco")
    api.session(patient_id=patient["id"])
    address = f"/v1/patients/{patient['id']}/body-map.svg"
    answer = api.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "Shoulder blade, left: 1 session (Infraspinatus 1)" in answer.text
    assert "Quetzalcoatl" not in answer.text
    earlier = api.get(address, params={"to": "2026-10-01T00:00:00Z"})
    assert "Shoulder blade" not in earlier.text
    assert other_api.get(address).status_code == 404
    entries = api.get(f"/v1/patients/{patient['id']}/disclosures").json()["items"]
    assert "progress.body-map" in {entry["operation"] for entry in entries}


def test_no_letter_of_the_printed_map_is_smaller_than_7_points() -> None:
    """On A4, the narrower paper, it is 504 points wide."""
    svg = fromstring(body_map(treated(*EVERY_SIDE), BODY, plain, LETTERS))  # noqa: S314 - our own
    sizes = [float(each.get("font-size", SIZE)) for each in svg.iter(f"{SVG}text")]
    assert min(sizes) * 504 / float(svg.get("width", "0")) >= 7
