"""A letter of one page about a patient: what it says, at its full length and shortened. Pure.

Its words are those of notes, in the same languages. Measures are told as progress tells them: what
changed, from how many values, never why.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from app.alerts.views import AlertView
from app.episodes.views import EpisodeView
from app.languages.queries import message
from app.notes.rules.beside import adverse_event
from app.notes.rules.words import Words
from app.sessions.views import SessionView
from app.summaries.rules.content import Chart, Release, name_of
from app.summaries.rules.in_full import InFull
from app.summaries.rules.letter_measures import Item, measured
from app.summaries.rules.words import listed_texts


class Limit(NamedTuple):
    """How much of a section stands in a letter."""

    items: int
    letters: int
    """Of each item."""


MOST: Final = 10_000
"""More than any section has."""
LIMITS: Final = (
    Limit(MOST, MOST),
    Limit(24, 1_200),
    *(Limit(12, 600), Limit(8, 300), Limit(4, 150), Limit(2, 80)),
)
"""From the whole to the shortest. The paper takes the first that fits on one page."""


class Section(NamedTuple):
    """A part of a letter: its title, and its items."""

    title: str
    items: Sequence[str | Item]
    is_running: bool = False
    """Whether the items are short, and stand behind each other."""
    is_grave: bool = False
    """Whether it is about harm. Of it, four times as much stands in a letter."""
    empty: str = message("None recorded.")
    """What stands there if there are no items."""


class Head(NamedTuple):
    """What surrounds a letter's sections."""

    clinic: str
    lines: Sequence[str]
    """The clinic's address and telephone number."""
    to: Sequence[str]
    """The recipient and their address."""
    signer: str
    """Who signs: their name and credentials."""
    reviewed: bool
    """Whether a clinician has read the words of its language."""
    direction: str


def letter_content(chart: Chart, release: Release, head: Head, note_words: Words) -> dict[str, Any]:
    """Everything that is printed, except the digest of the content."""
    words = InFull(*note_words)
    _ = words.gettext
    sections = list(_sections(chart, words))
    person = chart.patient
    who = [name_of(person), person["birth_date"] and _("born %(day)s") % person_day(person)]
    who += [each["value"] for each in person["identifiers"][:1]]
    return {
        "clinic": head.clinic,
        "lines": head.lines,
        "language": words.tag,
        "direction": head.direction,
        "day": f"{release.at:%Y-%m-%d}",
        "to": head.to,
        "title": _("Letter about a patient"),
        "about": words.labelled(_("About"), " · ".join(filter(None, who))),
        "purpose": words.labelled(_("Purpose"), release.purpose),
        "variants": [_shortened(sections, limit, words) for limit in LIMITS],
        "signature": _("Signature"),
        "signer": head.signer,
        "foot": list(_foot(release, head, words)),
        "checked": _("To check this copy:"),
    }


def person_day(person: Any) -> dict[str, str]:
    """The birth date, for a sentence."""
    return {"day": str(person["birth_date"])}


def _foot(release: Release, head: Head, words: Words) -> Iterator[str]:
    _ = words.gettext
    made = {"at": words.moment(release.at), "by": words.actor(release.by)}
    yield _("Written %(at)s by %(by)s from the clinic's record. Page 1 of 1.") % made
    yield _(
        "“Changed by” says how much a value changed, not why. Left and right are the patient's own"
        " sides."
    )
    if not head.reviewed:
        yield _("No clinician has reviewed this translation yet.")


def _sections(chart: Chart, words: Words) -> Iterator[Section]:
    _ = words.gettext
    attended = [
        each
        for each in chart.sessions
        if each["attendance"] == "attended" and each["status"] != "void"
    ]
    if chart.differing:
        warning = _(
            "Warning: a record of this note is not as the clinic's ledger states it. Somebody"
            " changed it outside the program."
        )
        yield Section(_("Warning"), [warning])
    yield Section(_("Complaint"), [_complaint(each, words) for each in chart.episodes])
    goals = [goal for each in chart.episodes for goal in each["goals"]]
    yield Section(_("Goals"), goals)
    alerts = [each for each in chart.records["alerts"] if each["status"] == "open"]
    yield Section(_("Red flags"), list(_red_flags(chart, words)), is_grave=True)
    told = [_alert(each, words) for each in alerts]
    nothing = message("No alert waits for an answer.")
    yield Section(_("Open alerts"), told, is_grave=True, empty=nothing)
    yield Section(_("Visits"), list(_visits(attended, words)), is_running=True)
    yield Section(_("Needled"), list(_needled(attended, words)), is_running=True)
    yield Section(_("Measures"), list(measured(chart.progress["measures"], words)))
    events = chart.records["adverse_events"]
    harms = [adverse_event(each, words) for each in events]
    yield Section(_("Adverse events"), harms, is_grave=True)
    yield Section(_("Plan"), list(_plans(chart, attended, words)))


def _alert(alert: AlertView, words: Words) -> str:
    why = listed_texts(words.code("alert_reason", reason) for reason in alert["reasons"])
    return words.labelled(words.moment(alert["raised_at"]), why)


def _red_flags(chart: Chart, words: Words) -> Iterator[Item]:
    """The red flags that were found at an episode, and those that the patient reported.

    None of them is ever left out of a shortened letter.
    """
    _ = words.gettext
    for episode in chart.episodes:
        if episode["red_flags"]:
            found = listed_texts(words.code("episode_flag", flag) for flag in episode["red_flags"])
            yield Item(_("Found (%(complaint)s)") % episode, found)
    for report in chart.records["follow_ups"]:
        if report["red_flags"]:
            flags = listed_texts(words.code("red_flag", flag) for flag in report["red_flags"])
            when = {"at": words.moment(report["reported_at"])}
            yield Item(_("Reported by the patient %(at)s") % when, flags)


def _complaint(episode: EpisodeView, words: Words) -> str:
    _, region, side, onset, closed = (
        words.gettext,
        episode["region"],
        episode["side"],
        episode["onset_on"],
        episode["closed_at"],
    )
    parts = [
        episode["complaint"],
        region and words.term("regions", region),
        side and words.code("side", side),
        None if onset is None else _("since %(day)s") % {"day": onset},
        None if closed is None else _("closed %(day)s") % {"day": f"{closed:%Y-%m-%d}"},
    ]
    return listed_texts(parts)


def _visits(attended: Sequence[SessionView], words: Words) -> Iterator[str]:
    """How many visits, the first and the last; then those between them."""
    _ = words.gettext
    if not attended:
        return
    many = words.counted(len(attended), _("%(n)s visit"), _("%(n)s visits"))
    drafts = sum(each["status"] == "draft" for each in attended)
    if drafts:
        many += " " + _("(%(n)s not signed yet)") % {"n": drafts}
    days = [_of_visit(f"{each['occurred_at']:%Y-%m-%d}", [each], words) for each in attended]
    if len(days) == 1:
        yield words.labelled(many, days[0])
        return
    ends = words.labelled(_("first"), days[0]), words.labelled(_("last"), days[-1])
    yield words.labelled(many, "; ".join(ends))
    between = days[1:-1]
    if between:
        yield words.labelled(_("between them"), between[0])
        yield from between[1:]


def _of_visit(text: str, visits: Sequence[SessionView], words: Words) -> str:
    """A text, and that nobody has signed the visits that it is from."""
    if any(each["status"] != "draft" for each in visits):
        return text
    _ = words.gettext
    return _("%(text)s (not signed yet)") % {"text": text}


def _needled(attended: Sequence[SessionView], words: Words) -> Iterator[str]:
    """The muscles with their sides, most often needled first, each with its number of visits."""
    _ = words.gettext
    visits: defaultdict[str, list[SessionView]] = defaultdict(list)
    for each in attended:
        rows = each["needlings"]
        placed = (words.placed(row["muscle"], row["side"], row["spinal_level"]) for row in rows)
        for place in dict.fromkeys(placed):
            visits[place].append(each)
    for place in sorted(visits, key=lambda place: -len(visits[place])):
        found = visits[place]
        told = _("%(muscle)s (visits: %(n)s of %(all)s)") % {
            "muscle": place,
            "n": len(found),
            "all": len(attended),
        }
        yield _of_visit(told, found, words)


def _plans(chart: Chart, attended: Sequence[SessionView], words: Words) -> Iterator[str]:
    _ = words.gettext
    last = next((each for each in reversed(attended) if each["plan"]), None)
    if last is not None:
        label = _("Visit of %(day)s") % {"day": f"{last['occurred_at']:%Y-%m-%d}"}
        yield words.labelled(_of_visit(label, [last], words), str(last["plan"]))
    for episode in chart.episodes:
        plan = episode["plan"]
        if episode["closed_at"] is None and plan["sessions"]:
            agreed = words.counted(plan["sessions"], _("%(n)s visit"), _("%(n)s visits"))
            yield words.labelled(_("Agreed"), agreed)


def _shortened(sections: Sequence[Section], limit: Limit, words: Words) -> dict[str, Any]:
    """The sections with at most so much of each. It says what is missing, and where it is."""
    _ = words.gettext
    shown, is_less = [], False
    for title, items, is_running, is_grave, nothing in sections:
        times = 4 if is_grave else 1
        first = [*items[: limit.items * times]]
        whole = [_cut(each, MOST, words) for each in first]
        kept = [_cut(each, limit.letters * times, words) for each in first]
        more = len(items) - len(kept)
        is_less = is_less or bool(more) or kept != whole
        if more:
            kept.append(_("and %(n)s more") % {"n": more})
        lines = [" · ".join(kept)] if is_running and kept else kept or [_(nothing)]
        shown.append({"title": title, "lines": lines})
    told = _(
        "Shortened to one page: “[…]” and “and … more” stand where something is left out. The"
        " clinic's record has all of it, and the clinic can send the whole summary."
    )
    return {"sections": shown, "shortened": told if is_less else ""}


def _cut(item: str | Item, letters: int, words: Words) -> str:
    """An item whose text has at most so many letters, and says where something is left out."""
    text = item if isinstance(item, str) else item.text
    if len(text) > letters:
        text = f"{text[:letters].rstrip()} […]"
    return text if isinstance(item, str) else words.labelled(text, item.figures)
