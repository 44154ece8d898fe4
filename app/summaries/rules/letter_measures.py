"""What a letter says of measures, as progress tells them: what changed, never why. Pure.

A change stands with the number of values that it is from, because of regression to the mean.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.notes.rules.words import Words
from app.progress.rules.wording import Json, count, signed
from app.summaries.rules.words import listed_texts


class Item(NamedTuple):
    """A text that may be shortened, and figures that stand after it whole."""

    text: str
    figures: str


def measured(measures: Sequence[Json], words: Words) -> Iterator[str | Item]:
    """Every measure in a line, and a caution where a change is from one first value."""
    for each in measures:
        figures = "; ".join(_figures(each, words))
        yield Item(_named(each, words), figures or words.gettext("no value to compare"))
    if any(each["change"] is not None and _starts_from_one(each) for each in measures):
        yield words.gettext(
            "People often come on a bad day, and the next value is then better by itself. So a"
            " change from a single first value may be chance."
        )


def _starts_from_one(measure: Json) -> bool:
    first = measure["baseline"]
    return first is not None and first["n"] == 1


def _named(measure: Json, words: Words) -> str:
    side, muscle, moved = measure["side"], measure["muscle"], measure["movement"]
    what = [
        words.code("instrument", measure["instrument"]),
        measure["activity"],
        moved and words.term("movements", moved),
        words.placed(muscle, side) if muscle else side and words.code("side", side),
    ]
    return listed_texts(what)


def _figures(measure: Json, words: Words) -> Iterator[str]:
    """The first value, the latest and the change.

    A measure that asks for a change itself, such as GROC, starts from 0 without a first value: its
    latest value says everything.
    """
    _, first, last = words.gettext, measure["baseline"], measure["latest"]
    has_start = first is not None and first["at"] is not None
    if has_start:
        yield _start(first, measure, words)
    if last is not None:
        told = {"value": words.number(last["value"]), "day": last["at"][:10]}
        yield _unsigned(_("latest %(value)s on %(day)s") % told, last, measure, words)
    if measure["change"] is not None and has_start:
        change = signed(round(measure["change"], 2) + 0.0)
        many = words.counted(count(measure), _("%(n)s value"), _("%(n)s values"))
        told = {"change": change.replace(".", words.number(0.5)[1]), "values": many}
        yield _("changed by %(change)s (from %(values)s)") % told


def _start(first: Json, measure: Json, words: Words) -> str:
    _ = words.gettext
    told = {"value": words.number(first["value"]), "day": first["at"][:10], "n": first["n"]}
    if first["n"] == 1:
        text = _("at the start %(value)s on %(day)s") % told
    else:
        text = _("at the start %(value)s, the mean of %(n)s days from %(day)s") % told
    return _unsigned(text, first, measure, words)


def _unsigned(text: str, value: Json, measure: Json, words: Words) -> str:
    """A value, and that nobody has signed the visit that it is from."""
    _ = words.gettext
    drafts = [point["draft"] for point in measure["points"] if point["at"] == value["at"]]
    return _("%(text)s (not signed yet)") % {"text": text} if any(drafts) else text
