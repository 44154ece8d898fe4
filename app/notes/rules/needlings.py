"""Needlings as a note says them. Pure.

What was done, what the practitioner felt and both saw, and what the patient said stand apart, with
a semicolon between them. The order and the abbreviations are those of STRICTA 2010, items 2 and 5.
"""

from collections.abc import Sequence
from typing import Final

from app.notes.rules.words import Words, listed, written
from app.sessions.views import NeedleView, NeedlingView

TIMES: Final = "\N{MULTIPLICATION SIGN}"
DIAMETER_DECIMALS: Final = 2
"""Diameters are labelled so: 0.30 mm."""


def lines(needlings: Sequence[NeedlingView], words: Words) -> list[str]:
    """Return a line for each needling, in the order of the record, and one that explains them."""
    _ = words.gettext
    if not needlings:
        return []
    legend = _(
        "One needle, where no other number stands. Grasp is what the practitioner felt. Twitches"
        " were counted. Ache, sharp pain, sensations and release are what the patient said."
    )
    return [*(needling(each, words) for each in needlings), legend]


def needling(row: NeedlingView, words: Words) -> str:
    """Return the line of one needling. What is unknown is left out."""
    groups = filter(None, (done(row, words), _felt_and_seen(row, words), said(row, words)))
    return words.labelled(name(row, words), "; ".join(groups))


def name(row: NeedlingView, words: Words) -> str:
    """Return which muscle was needled, on which side, at which level."""
    return words.placed(row["muscle"], row["side"], row["spinal_level"])


def done(row: NeedlingView, words: Words) -> str:
    """Return what was done: insertions, the needle, its depth, stimulation, how long it stayed."""
    _ = words.gettext
    depth, stopped = row["depth_mm"], row["stopped_for"]
    return listed(
        [
            _insertions(row, words),
            _size(row["needle"], words),
            row["needle"]["lot"] and _("lot %(lot)s") % {"lot": written(row["needle"]["lot"])},
            None if depth is None else _("%(n)s mm deep") % {"n": depth},
            *_stimulated(row, words),
            stopped and words.labelled(_("stopped for"), written(stopped)),
        ]
    )


def _insertions(row: NeedlingView, words: Words) -> str:
    _ = words.gettext
    inserted = words.counted(row["insertions"], _("%(n)s insertion"), _("%(n)s insertions"))
    if row["needles"] == 1:
        return inserted
    used = words.counted(row["needles"], _("%(n)s needle"), _("%(n)s needles"))
    return _("%(insertions)s of %(needles)s") % {"insertions": inserted, "needles": used}


def _size(needle: NeedleView, words: Words) -> str | None:
    """Return the needle's size; with its own words for a part of it, where the other is unknown."""
    _ = words.gettext
    diameter, length = needle["diameter_mm"], needle["length_mm"]
    wide = None if diameter is None else words.number(diameter, DIAMETER_DECIMALS)
    long = None if length is None else words.number(length)
    if wide and long:
        return f"{wide} {TIMES} {long} mm"
    if wide:
        return _("diameter %(n)s mm") % {"n": wide}
    return long and _("length %(n)s mm") % {"n": long}


def _stimulated(row: NeedlingView, words: Words) -> list[str | None]:
    _ = words.gettext
    how, current, stayed = row["stimulation"], row["electrical"], row["retention_s"]
    told = how and words.code("stimulation", how)
    if told and current:
        hz, ma = words.number(current["hz"]), words.number(current["ma"])
        told = f"{told} {hz} Hz, {ma} mA"
    return [told, None if stayed is None else _("left in for %(n)s s") % {"n": stayed}]


def _felt_and_seen(row: NeedlingView, words: Words) -> str:
    _ = words.gettext
    grasp, twitches = row["grasp"], row["twitches"]
    seen = None
    if twitches is not None:
        seen = words.counted(twitches, _("%(n)s twitch"), _("%(n)s twitches"))
    return listed([grasp and words.code("grasp", grasp), seen])


def said(row: NeedlingView, words: Words) -> str:
    """Return what the patient said: ache, sharp pain, release, sensations, the familiar pain."""
    _ = words.gettext
    ache, sharp, familiar = row["ache"], row["sharp"], row["familiar_pain"]
    felt = listed(words.code("sensation", each) for each in row["sensations"])
    return listed(
        [
            None if ache is None else _("deep ache %(n)s") % {"n": words.score(ache)},
            None if sharp is None else _("sharp pain %(n)s") % {"n": words.score(sharp)},
            _released(row, words),
            felt and _("sensations (%(sensations)s)") % {"sensations": felt},
            familiar and words.code("familiar_pain", familiar),
        ]
    )


def _released(row: NeedlingView, words: Words) -> str | None:
    _ = words.gettext
    release, after = row["release"], row["release_after_s"]
    told = release and words.code("release", release)
    if told is None or after is None:
        return told
    return _("%(release)s after %(n)s s") % {"release": told, "n": after}
