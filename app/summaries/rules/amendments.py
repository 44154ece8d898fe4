"""Changes of a session after it was signed: what changed, when, by whom and why. Pure."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from difflib import SequenceMatcher
from itertools import pairwise, zip_longest
from typing import Any, Final, NamedTuple

from app.progress.rules.wording import NOTHING, number
from app.sessions.rules.acts import VOID
from app.sessions.views import SessionView
from app.summaries.rules.words import Names, Pair, moment, pairs, plainly, printable
from app.vocabularies.rules import VocabularyName

Json = Mapping[str, object]
# Fields that the server adds, or that follow from others.
DERIVED: Final = frozenset(
    {
        *("status", "alert", "credentials", "catalogue_version", "recorded_at", "signed_at"),
        *("signed_by", "amended_at", "voided_at", "late_entry", "version", "created_at"),
        *("updated_at", "id", "overrides", "warnings"),
    }
)
ABOUT: Final[Mapping[str, str]] = {
    **{name: name for name in ("attendance", "technique", "position", "side", "stimulation")},
    **{name: name for name in ("grasp", "release", "familiar_pain", "sign", "phase")},
    "sensations": "sensation",
    "reported_by": "reporter",
}
"""The members whose value is a code of the notes' words. Others are shown as they were written."""
TERMS: Final[Mapping[str, VocabularyName]] = {
    "co_interventions": "co_interventions",
    "aftercare": "aftercare",
    "movement": "movements",
}
"""The members whose value is a word of a vocabulary."""

UNIT: Final = re.compile(r" (min|mm|s|hz|ma)$")


class Version(NamedTuple):
    """A session after one change, with the data of that change's ledger entry.

    Its body is `printable`. The reason is as the ledger has it.
    """

    operation: str
    at: datetime
    actor: str
    reason: str | None
    body: SessionView


def ending(versions: Sequence[Version], names: Names) -> list[Pair]:
    """When, by whom and why a session was voided."""
    last = next((each for each in reversed(versions) if each.operation == VOID), None)
    if last is None:
        return []
    return pairs(
        ("Voided", f"{moment(last.at)} by {names.actor(last.actor)}"),
        ("Reason", printable(last.reason)),
    )


def amendments(versions: Sequence[Version], names: Names) -> list[dict[str, Any]]:
    """Every change of content after a session was signed, oldest first."""
    listed = []
    for before, after in pairwise(versions):
        changes = list(_changes(before.body, after.body, names))
        if before.body["status"] != "draft" and changes:
            kind, _, reason = (after.reason or "").partition(": ")
            named = names.words.code("amendment", kind) if kind else ""
            listed.append(
                {
                    "title": f"Amended {moment(after.at)}" + (f": {named}" if named else ""),
                    "facts": pairs(("By", names.actor(after.actor)), ("Reason", printable(reason))),
                    "changes": changes,
                }
            )
    return listed


def _changes(before: Json, after: Json, names: Names) -> Iterator[list[str]]:
    for name in dict.fromkeys([*before, *after]):
        if name not in DERIVED:
            yield from _differences((name,), before.get(name), after.get(name), names)


def _differences(
    path: tuple[str, ...], before: Any, after: Any, names: Names
) -> Iterator[list[str]]:
    """The cells of each leaf that differs: its place, the value before and the value after.

    An older version lacks the members that were added later: that is no change to nothing.
    """
    if before == after or (_is_nothing(before) and _is_nothing(after)):
        return
    for step, was, now in _parts(before, after):
        yield from _differences((*path, step), was, now, names)
    if not _is_nested(before) and not _is_nested(after):
        place = " ".join(UNIT.sub(r" (\1)", plainly(step)) for step in path)
        yield [place, _in_words(path[-1], before, names), _in_words(path[-1], after, names)]


def _is_nested(value: Any) -> bool:
    """Whether a value has parts to compare. A list of codes counts as one value."""
    items = value if isinstance(value, list) else ()
    return isinstance(value, dict) or any(isinstance(item, dict) for item in items)


def _parts(before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """The parts of two values side by side, each with its name or number."""
    if isinstance(before, dict) or isinstance(after, dict):
        was, now = before or {}, after or {}
        for name in dict.fromkeys([*was, *now]):
            yield name, was.get(name), now.get(name)
    elif _is_nested(before) or _is_nested(after):
        yield from _items(before or [], after or [])


def _items(before: Sequence[Json], after: Sequence[Json]) -> Iterator[tuple[str, Any, Any]]:
    """The items of two lists that differ. An inserted or removed item does not shift the others."""
    was, now = ([json.dumps(item, sort_keys=True) for item in items] for items in (before, after))
    matched = SequenceMatcher(a=was, b=now, autojunk=False).get_opcodes()
    for same, begin, end, begins, ends in matched:
        if same != "equal":
            beside = zip_longest(before[begin:end], after[begins:ends])
            for n, (old, new) in enumerate(beside, 1):
                yield str((begin if new is None else begins) + n), old, new


def _is_nothing(value: Any) -> bool:
    return value is None or value in ("", [])


def _in_words(name: str, value: Any, names: Names) -> str:
    if _is_nothing(value):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    meant: dict[str, Callable[[Any], str]] = {
        "muscle": names.muscle,
        "instrument": names.instrument,
        "practitioner_id": names.practitioner,
        "episode_id": names.episode,
        "patient_id": names.patient,
        "occurred_at": moment,
    }
    if name in ABOUT:
        meant[name] = lambda code: names.words.code(ABOUT[name], code)
    elif name in TERMS:
        meant[name] = lambda code: names.words.term(TERMS[name], code)
    if isinstance(value, list):
        return ", ".join(_in_words(name, item, names) for item in value)
    return meant.get(name, str)(value)
