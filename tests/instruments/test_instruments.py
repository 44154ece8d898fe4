"""The instruments have the published figures, with their sources."""

import csv
import io
from importlib.resources import files

import pytest
from pydantic import ValidationError

from app.core.values.faults import RuleBroken
from app.core.values.problems import NotFound
from app.instruments import queries
from app.instruments.schemas import InstrumentView


def text(name: str) -> str:
    return (files("app.instruments") / "data" / name).read_text(encoding="utf-8")


INSTRUMENTS, THRESHOLDS = text("instruments.csv"), text("thresholds.csv")
every_instrument = pytest.mark.parametrize(
    "instrument", queries.INSTRUMENTS, ids=lambda instrument: instrument.code
)


def with_cell(whole: str, line: int, column: str, cell: str) -> str:
    rows = list(csv.DictReader(io.StringIO(whole)))
    rows[line - 2][column] = cell
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def test_the_default_figures_are_the_reviewed_ones() -> None:
    figures = {
        one.code: (row.mdc, row.mcid, row.mcid_percent)
        for one in queries.INSTRUMENTS
        if (row := queries.default_thresholds(one.code))
    }
    assert figures == {
        "nprs": (2.83, 2, 30),
        "vas_mm": (None, 15, 30),
        "psfs": (2.38, 2.3, None),
        "ndi_pct": (20.4, 15, None),
        "odi_pct": (11.9, 10, 30),
        "quickdash": (15.2915, 15.91, None),
        "dash": (12.8639, 10.83, None),
        "lefs": (10.71, 9, None),
        "groc": (None, 3, None),
        "rom_cervical": (8.092, None, None),
        "promis_pi": (6.93, 3.5, None),
    }


def test_an_instrument_without_published_figures_has_no_thresholds() -> None:
    for code in ("ppt", "promis_pf", "soreness"):
        assert queries.default_thresholds(code) is None
        assert queries.instrument(code).thresholds == ()


def test_a_scale_and_its_direction_are_the_published_ones() -> None:
    scales = {i.code: (i.min, i.max, i.unit, i.better) for i in queries.INSTRUMENTS}
    assert scales == {
        "nprs": (0, 10, "{score}", "lower"),
        "vas_mm": (0, 100, "mm", "lower"),
        "psfs": (0, 10, "{score}", "higher"),
        "ndi_pct": (0, 100, "%", "lower"),
        "odi_pct": (0, 100, "%", "lower"),
        "quickdash": (0, 100, "{score}", "lower"),
        "dash": (0, 100, "{score}", "lower"),
        "lefs": (0, 80, "{score}", "higher"),
        "groc": (-7, 7, "{score}", "higher"),
        "ppt": (0, 2000, "kPa", "higher"),
        "rom_active": (0, 360, "deg", "higher"),
        "rom_passive": (0, 360, "deg", "higher"),
        "rom_cervical": (0, 360, "deg", "higher"),
        "promis_pi": (20, 80, "{score}", "lower"),
        "promis_pf": (20, 80, "{score}", "higher"),
        "soreness": (0, 10, "{score}", "lower"),
    }


def test_only_the_patient_specific_scale_is_about_an_activity() -> None:
    assert [i.code for i in queries.INSTRUMENTS if i.takes_activity] == ["psfs"]


@every_instrument
def test_an_instrument_is_found_by_its_code(instrument: InstrumentView) -> None:
    assert queries.find(instrument.code) is queries.instrument(instrument.code) is instrument


@pytest.mark.parametrize("code", ["", "NPRS", "ndi"])
def test_an_unknown_code_is_no_instrument(code: str) -> None:
    assert queries.find(code) is None
    assert queries.default_thresholds(code) is None
    with pytest.raises(NotFound):
        queries.instrument(code)


@every_instrument
def test_general_thresholds_come_first_and_each_region_has_one_default(
    instrument: InstrumentView,
) -> None:
    rows = [row for row in instrument.thresholds if row.default]
    assert len({(row.region, row.of_activity) for row in rows}) == len(rows)
    defaults = [row.region for row in rows]
    general = [of for of in defaults if of is None]
    assert defaults[: len(general)] == general
    assert [row.default for row in instrument.thresholds][: len(defaults)] == [True] * len(defaults)
    assert {row.region for row in instrument.thresholds} == set(defaults)


def test_the_figures_of_a_region_are_the_reviewed_ones() -> None:
    chosen = {
        (code, region): row.id
        for code in ("nprs", "vas_mm", "quickdash", "psfs")
        for region in ("neck", "shoulder", "elbow", "low_back", None)
        if (row := queries.default_thresholds(code, region))
    }
    general = {
        "nprs": "nprs.ostelo_childs",
        "vas_mm": "vas_mm.ostelo_2008",
        "quickdash": "quickdash.franchignoni_2014_mdc95",
        "psfs": "psfs.abbott_stratford_mean",
    }
    regional: dict[tuple[str, str | None], str] = {
        ("nprs", "neck"): "nprs.kovacs_2008_roc",
        ("nprs", "shoulder"): "nprs.michener_2011",
        ("vas_mm", "shoulder"): "vas_mm.tashjian_2009",
        ("quickdash", "elbow"): "quickdash.smith_forbes_2016_mdc95",
        ("quickdash", "shoulder"): "quickdash.van_kampen_2013",
    }
    assert chosen == {key: regional.get(key, general[key[0]]) for key in chosen}
    assert len(chosen) == 20


def test_range_of_motion_is_identified_by_its_movement() -> None:
    named = {i.code: i.movement for i in queries.INSTRUMENTS if i.movement}
    assert named == {
        "rom_active": "required",
        "rom_passive": "required",
        "rom_cervical": "optional",
    }
    for instrument in queries.INSTRUMENTS:
        assert ("movement" in instrument.series_by) == (instrument.movement is not None)
        assert ("activity" in instrument.series_by) == instrument.takes_activity


def test_one_activity_has_thresholds_of_its_own() -> None:
    """The form of the PSFS prints an MDC90 of 3 for one activity, and of 2 for the mean."""
    one, mean = (queries.default_thresholds("psfs", of_activity=of) for of in (True, False))
    assert one is not None
    assert mean is not None
    assert (one.mdc, mean.mdc) == (3.57, 2.38)


@every_instrument
def test_an_instrument_about_activities_has_both_kinds_of_thresholds(
    instrument: InstrumentView,
) -> None:
    kinds = {row.of_activity for row in instrument.thresholds}
    assert kinds <= ({True, False} if instrument.takes_activity else {None})


@every_instrument
def test_an_mdc_at_another_confidence_is_converted_and_the_row_says_so(
    instrument: InstrumentView,
) -> None:
    for row in instrument.thresholds:
        if row.published_mdc_level in {None, 95}:
            assert row.mdc == row.published_mdc
        else:
            assert row.published_mdc_level == 90
            assert row.published_mdc is not None
            assert row.mdc == pytest.approx(1.19 * row.published_mdc)
            assert row.mdc_level == 95
            assert "1.19 times the published one" in (row.note or "")


@every_instrument
def test_thresholds_without_an_mdc_say_so(instrument: InstrumentView) -> None:
    for row in instrument.thresholds:
        assert row.mdc is not None or "No MDC is known here" in (row.note or "")


@every_instrument
def test_a_threshold_is_smaller_than_its_scale(instrument: InstrumentView) -> None:
    for row in instrument.thresholds:
        assert row.id.startswith(f"{instrument.code}.")
        for figure in (row.mdc, row.mcid):
            assert figure is None or figure < instrument.max - instrument.min
        assert row.mdc_level is None or row.mdc is not None


@pytest.mark.parametrize(
    ("column", "cell"),
    [("code", ""), ("domain", "mood"), ("min", "low"), ("max", "nan"), ("better", "up")],
)
def test_a_broken_instrument_is_refused_with_its_line_and_column(column: str, cell: str) -> None:
    with pytest.raises(ValidationError, match=rf"instruments\.csv[\s\S]*15\.{column}"):
        queries.read(with_cell(INSTRUMENTS, 15, column, cell), THRESHOLDS)


@pytest.mark.parametrize(
    ("column", "cell"),
    [("id", "Kovacs"), ("default", "perhaps"), ("mdc", "-1"), ("mcid", "inf"), ("source", "")],
)
def test_a_broken_threshold_is_refused_with_its_line_and_column(column: str, cell: str) -> None:
    with pytest.raises(ValidationError, match=rf"thresholds\.csv[\s\S]*3\.{column}"):
        queries.read(INSTRUMENTS, with_cell(THRESHOLDS, 3, column, cell))


@pytest.mark.parametrize(
    ("instruments", "thresholds", "reason"),
    [
        (with_cell(INSTRUMENTS, 3, "code", "nprs"), THRESHOLDS, "column code: nprs"),
        (INSTRUMENTS, with_cell(THRESHOLDS, 3, "id", "nprs.ostelo_childs"), "column id: nprs.ost"),
        (INSTRUMENTS, with_cell(THRESHOLDS, 3, "default", "true"), "column default: nprs"),
        (INSTRUMENTS, with_cell(THRESHOLDS, 5, "mcid", ""), "Give a figure"),
        (INSTRUMENTS.split("\n", 1)[0], THRESHOLDS, "at least 1 item"),
    ],
)
def test_files_that_contradict_themselves_are_refused(
    instruments: str, thresholds: str, reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        queries.read(instruments, thresholds)


def test_thresholds_of_an_unknown_instrument_are_refused() -> None:
    with pytest.raises(RuleBroken, match="column instrument: ndi is unknown"):
        queries.read(INSTRUMENTS, with_cell(THRESHOLDS, 3, "instrument", "ndi"))
