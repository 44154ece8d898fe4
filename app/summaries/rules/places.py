"""The places of the texts that a summary shows. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from app.core.values.faults import pointer
from app.summaries.rules.content import Chart
from app.summaries.rules.words import printable

REQUEST: Final = "request"


class Place(NamedTuple):
    """Where a text of a summary stands."""

    resource: str
    """The noun of the record's kind, or `REQUEST`."""
    id: str
    pointer: str


def places(
    request: Mapping[str, Any],
    chart: Chart,
    elsewhere: Iterable[tuple[str, Mapping[str, Any]]],
    content: Mapping[str, Any],
) -> dict[str, Place]:
    """Return the place of each text that a summary shows, if it has more than ASCII.

    `elsewhere` has texts of other records than the chart's: each record, or a part of it with its
    id, after the noun of its kind. `content` is what is shown.
    """
    shown = "\0".join(text for place, text in _texts(content) if not place.endswith("/picture"))
    found: dict[str, Place] = {}
    for resource, record in ((REQUEST, {**request, "id": ""}), *_records(chart), *elsewhere):
        for place, text in _texts(printable(record)):
            if not text.isascii() and text in shown:
                found.setdefault(text, Place(resource, str(record["id"]), place))
    return found


def _records(chart: Chart) -> Iterator[tuple[str, Mapping[str, Any]]]:
    every: Mapping[str, Any] = chart.records
    for resource, records in every.items():
        yield from ((resource, record) for record in records)
    for versions in chart.histories.values():
        for each in versions:
            reason = each.reason or ""
            yield "sessions", {**each.body, "reason": reason}
            # The reason of an amendment is printed without its kind.
            yield "sessions", {"id": each.body["id"], "reason": reason.partition(": ")[2]}


def _texts(value: Any, *way: object) -> Iterator[tuple[str, str]]:
    """Every text in a value, after the JSON Pointer to it."""
    if isinstance(value, str):
        yield pointer(*way), value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from _texts(member, *way, name)
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from _texts(item, *way, n)
