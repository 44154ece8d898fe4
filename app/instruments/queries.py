"""The instruments and their thresholds, loaded and checked at import."""

import csv
import io
from importlib.resources import files
from typing import Annotated, Final, cast

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter

from app.core.values.problems import NotFound, Unreadable
from app.core.values.search import Index
from app.instruments import rules
from app.instruments.schemas import InstrumentView, ThresholdsView


def _thresholds_checked(rows: dict[int, ThresholdsView]) -> dict[int, ThresholdsView]:
    rules.check_once("id", [row.id for row in rows.values()])
    defaults = [row for row in rows.values() if row.default]
    rules.check_once(
        "default",
        [f"{row.instrument} {row.region or ''} {row.of_activity}".strip() for row in defaults],
    )
    return rows


def _instruments_checked(rows: dict[int, InstrumentView]) -> dict[int, InstrumentView]:
    rules.check_once("code", [row.code for row in rows.values()])
    return rows


_THRESHOLDS: Final = TypeAdapter(
    Annotated[dict[int, ThresholdsView], AfterValidator(_thresholds_checked)],
    config=ConfigDict(title="thresholds.csv (line.column)"),
)
_INSTRUMENTS: Final = TypeAdapter(
    Annotated[dict[int, InstrumentView], Field(min_length=1), AfterValidator(_instruments_checked)],
    config=ConfigDict(title="instruments.csv (line.column)"),
)


_SCORING: Final = {
    "method": "score",
    "items_min": "items_min",
    "items_max": "items_max",
    "low": "item_low",
    "high": "item_high",
}
"""Members of `ScoringView` and the columns that hold them."""


def _rows(text: str) -> dict[int, dict[str, object]]:
    rows = csv.DictReader(io.StringIO(text))
    found: dict[int, dict[str, object]] = {}
    for row in rows:
        found[rows.line_num] = {column: cell or None for column, cell in row.items()}
    return found


def read(instruments: str, thresholds: str) -> tuple[InstrumentView, ...]:
    """Parse the instruments of two CSV texts, each with its thresholds, the general default first.

    Pydantic's `ValidationError` names each wrong line.column. Raises `RuleBroken` for thresholds of
    an unknown instrument.
    """
    published = {
        line: {**cells, "published_mdc": cells["mdc"], "published_mdc_level": cells["mdc_level"]}
        for line, cells in _rows(thresholds).items()
    }
    figures = list(map(_at_95, _THRESHOLDS.validate_python(published).values()))
    figures.sort(key=lambda row: (not row.default, row.region or ""))
    rows = _rows(instruments)
    for cells in rows.values():
        cells["series_by"] = rules.series_by(
            takes_activity=cells["takes_activity"] == "true",
            movement=cast("rules.MovementUse | None", cells["movement"]),
        )
        scoring = {name: cells.pop(column, None) for name, column in _SCORING.items()}
        cells["scoring"] = scoring if scoring["method"] else None
        cells["thresholds"] = [row for row in figures if row.instrument == cells.get("code")]
    found = tuple(_INSTRUMENTS.validate_python(rows).values())
    codes = [one.code for one in found]
    rules.check_known("instrument", [row.instrument for row in figures], codes)
    rules.check_known(
        "for_movement", [row.for_movement for row in found if row.for_movement], codes
    )
    return found


def _at_95(row: ThresholdsView) -> ThresholdsView:
    """A row with its MDC at 95 % confidence, which keeps the published one and says so."""
    if row.mdc is None:
        return row
    mdc, level, note = rules.mdc95(row.mdc, row.mdc_level), row.mdc_level, row.note
    if mdc != row.mdc:
        said = f"the MDC is {mdc / row.mdc:.2f} times the published one, {row.mdc:g} at {level} %"
        note, level = "; ".join(filter(None, [note, said])), rules.MDC_LEVEL
    return row.model_copy(update={"mdc": mdc, "mdc_level": level, "note": note})


def _text(name: str) -> str:
    return (files("app.instruments") / "data" / name).read_text(encoding="utf-8")


INSTRUMENTS: Final = read(_text("instruments.csv"), _text("thresholds.csv"))
_INDEX: Final = Index((one.code, one.name) for one in INSTRUMENTS)
_BY_CODE: Final = {instrument.code: instrument for instrument in INSTRUMENTS}
_DEFAULTS: Final = {
    (row.instrument, row.region, row.of_activity or False): row
    for one in INSTRUMENTS
    for row in one.thresholds
    if row.default
}
_FACTORS: Final = {
    one.code: {one.unit: 1.0, **{other.unit: other.factor for other in one.also_in}}
    for one in INSTRUMENTS
}
_SCORINGS: Final = {
    one.code: rules.Scoring(**one.scoring.model_dump()) for one in INSTRUMENTS if one.scoring
}


def find(code: str) -> InstrumentView | None:
    """The instrument with this code; None if it is unknown."""
    return _BY_CODE.get(code)


def instrument(code: str) -> InstrumentView:
    """The instrument with this code; `NotFound` if it is unknown."""
    found = find(code)
    if found is None:
        raise NotFound("There is no such instrument.")
    return found


def of_stored(code: str) -> InstrumentView:
    """The instrument of a stored record; `Unreadable` if it is unknown."""
    found = find(code)
    if found is None:
        raise Unreadable
    return found


def named(word: str) -> str | None:
    """The code of the instrument with this code or name; None if there is none.

    Case, blanks and hyphens don't matter.
    """
    if word in _BY_CODE:
        return word
    position = _INDEX.named(word)
    return None if position is None else INSTRUMENTS[position].code


def nearest(q: str) -> tuple[str, ...]:
    """The codes of the instruments that an unknown code may have meant, likeliest first."""
    return tuple(INSTRUMENTS[position].code for position in _INDEX.nearest(q))


def is_open(code: str) -> bool:
    """Whether its scale is open: it has only limits of what is plausible."""
    return of_stored(code).domain in rules.OPEN


def default_thresholds(
    code: str, region: str | None = None, *, of_activity: bool = False
) -> ThresholdsView | None:
    """The published thresholds that a verdict uses; None if there are none.

    These are the ones studied in this body region, or else the general ones. `of_activity` asks for
    those of one activity rather than of the mean over activities.
    """
    asked = (code, region, of_activity), (code, None, of_activity)
    return next((_DEFAULTS[key] for key in asked if key in _DEFAULTS), None)


def factors(code: str) -> dict[str, float]:
    """The factor that converts each accepted unit to the instrument's own, which comes first."""
    return _FACTORS[code]


def in_own_unit(code: str, value: float, unit: str | None) -> float:
    """An entered value, converted to the instrument's own unit."""
    return float(value if unit is None else rules.in_own_unit(value, unit, _FACTORS[code]))


def scoring(code: str) -> rules.Scoring | None:
    """How this instrument is scored from items; None if that isn't known here."""
    return _SCORINGS.get(code)
