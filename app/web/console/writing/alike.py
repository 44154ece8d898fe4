"""Stored records that a form's resembles: they are shown before it is stored, once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from app.core.values.faults import Fault
from app.core.values.problems import Invalid
from app.records.views import Likeness

SEEN: Final = "seen"
"""The tick with the ids of those with which the person has compared the record."""
WHY: Final[Mapping[Likeness, str]] = {
    "names_and_birth_date": "the same names and birth date",
    "names_and_identifier": "the same names and number",
    "same_visit": "the same patient, practitioner and time",
}


class Alike(NamedTuple):
    """A stored record that may be the same."""

    id: str
    told: str
    day: str | None
    """The birth date, for a page to tell."""
    page: str | None
    """Its page, for those who may open it."""
    why: str


def check_seen(form: Mapping[str, str], found: Iterable[UUID], detail: str) -> None:
    """Raise `Invalid` with `detail` unless the person has ticked that it resembles these."""
    if not set(map(str, found)) <= set(form.get(SEEN, "").split()):
        raise Invalid([Fault("", "possible_duplicate", detail)])


def shown(alike: Sequence[Alike], tick: str) -> dict[str, object]:
    """Return what the page shows of them. `tick` is the label of the tick; empty for none."""
    return {"alike": alike, "tick": tick}
