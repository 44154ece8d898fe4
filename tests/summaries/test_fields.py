"""Every field of a record is printed, or a reason says why not."""

import copy
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic_core import to_json

from app.kinds import IN_CHART_SUMMARY
from app.records.kinds import Kind
from app.sessions.service import SESSIONS
from app.summaries import queries
from app.summaries.rules.content import Chart, Release, content
from app.summaries.rules.left_out import LEFT_OUT
from app.summaries.rules.release import Recipient
from app.summaries.rules.words import Names
from app.summaries.schemas import ChartSummaryBody
from tests.ground import Api, Clinic
from tests.summaries.charts import asked
from tests.transfer.exported import fill

pytestmark = pytest.mark.alike

RELEASE = Release(
    uuid4(),
    datetime.fromisoformat("2026-12-02T10:00:00-08:00"),
    "cli:test",
    Recipient("patient", None),
    "A test",
    None,
    None,
    None,
    None,
    None,
)
Path = tuple[str | int, ...]


@pytest.fixture(name="chart")
def a_full_chart(api: Api, clinic: Clinic) -> Iterator[tuple[Chart, Names]]:
    """A chart in which every kind has a record with all its fields set."""
    fill(api)
    people = api.get("/v1/patients?limit=200").json()["items"]
    [ana] = [each for each in people if each["family_name"] == "Núñez"]
    op = clinic.operation()
    with clinic.database.reading(clinic.id) as db:
        op.begin(db)
        person = queries.patient(op, UUID(ana["id"]))
        chart = queries.chart(op, person, ChartSummaryBody(**asked()))
        names = queries.names(op, chart)
        # What a screening answered with no is not among what is to be heeded.
        for screening in chart.records["screenings"]:
            screening["answers"][0] |= {"answer": "yes", "detail": "Mild."}
        # A late entry prints when it was recorded.
        for session in chart.sessions:
            session["late_entry"] = True
        yield chart, names  # the words of own rows are read when they are needed


def written(chart: Chart, names: Names) -> bytes:
    return to_json(content(chart, RELEASE, names))


def leaves(value: Any, *way: str | int) -> Iterator[Path]:
    """The path of each member that has no members of its own."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, *way, name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for n, item in enumerate(value):
            yield from leaves(item, *way, n)
    else:
        yield way


def codes(schema: Any) -> Iterator[str]:
    """Every code that a schema lists."""
    if isinstance(schema, dict):
        yield from schema.get("enum", ())
        for member in schema.values():
            yield from codes(member)
    elif isinstance(schema, list):
        for item in schema:
            yield from codes(item)


def others(kind: Kind[Any, Any], value: Any) -> Iterator[Any]:
    """Values that differ from this one, of the same type if it has one."""
    words = ["Other words", *codes(kind.schema)]
    steps = {date: timedelta(days=1), datetime: timedelta(days=1), int: 1, float: 1}
    if isinstance(value, list):
        yield [*value, "other_word"]
    elif type(value) in steps:
        yield value + steps[type(value)]
    elif isinstance(value, str):
        yield from (word for word in words if word != value)
    else:
        yield from (not value, uuid4(), 7, date(2026, 10, 3), RELEASE.at, ["other_word"], *words)


def put(chart: Chart, way: Path, value: Any) -> Chart:
    """The chart with another value in one place of its records."""
    records = copy.deepcopy(chart.records)
    inner: Any = records
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = value
    return chart._replace(records=records)


def is_shown(chart: Chart, names: Names, kind: Kind[Any, Any], way: Path) -> bool:
    """Whether another value of this member changes the content of the summary."""
    was: Any = chart.records
    for step in way:
        was = was[step]
    before = written(chart, names)
    for other in others(kind, was):
        try:
            if written(put(chart, way, other), names) != before:
                return True
        except (TypeError, AttributeError, KeyError, ValueError):
            continue  # this member can't be of that type
    return False


def unseen(chart: Chart, names: Names, kind: Kind[Any, Any]) -> set[str]:
    """The members of a kind that the summary does not show, as `LEFT_OUT` names them."""
    every, seen = set(), set()
    records: dict[str, Any] = {**chart.records}
    for way in leaves(records[kind.noun], kind.noun):
        member = ".".join(step for step in way[1:] if isinstance(step, str))
        every.add(member)
        if member not in seen and is_shown(chart, names, kind, way):
            seen.add(member)
    objects = {name for name in every if any(other.startswith(f"{name}.") for other in every)}
    return every - seen - objects


@pytest.mark.parametrize("kind", IN_CHART_SUMMARY, ids=lambda kind: kind.noun)
def test_every_field_of_a_record_is_printed_or_left_out_for_a_reason(
    chart: tuple[Chart, Names], kind: Kind[Any, Any]
) -> None:
    assert unseen(*chart, kind) == set(LEFT_OUT.get(kind.noun, {}))


def test_a_reason_is_a_sentence() -> None:
    reasons = [reason for some in LEFT_OUT.values() for reason in some.values()]
    assert [reason for reason in reasons if not (" " in reason and reason.endswith("."))] == []


def test_a_new_field_of_a_needling_is_reported_as_missing(chart: tuple[Chart, Names]) -> None:
    charted, names = chart
    [signed] = [s for s in charted.sessions if s["status"] == "signed"]
    needling: Any = signed["needlings"][0]
    needling["draped"] = True
    assert "needlings.draped" in unseen(charted, names, SESSIONS)
