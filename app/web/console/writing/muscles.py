"""Words for a muscle and its side, as people type them: `infraspinatus`, `infra R`."""

from typing import Final

from app.core.values.search import words
from app.muscles.queries import MUSCLES, find, named, search
from app.records.views import Side

SIDES: Final[dict[str, Side]] = {
    **dict.fromkeys(("l", "left"), "left"),
    **dict.fromkeys(("r", "right"), "right"),
    **dict.fromkeys(("midline", "middle"), "midline"),
}
_HAMSTRINGS: Final = (
    *("biceps_femoris_long_head", "biceps_femoris_short_head", "semitendinosus"),
    "semimembranosus",
)
_CALF: Final = ("gastrocnemius_medial_head", "gastrocnemius_lateral_head", "soleus")
_PARASPINALS: Final = (
    *("multifidus_cervicis", "multifidus_thoracis", "multifidus_lumborum"),
    *("longissimus_thoracis", "longissimus_lumborum"),
    *("iliocostalis_thoracis", "iliocostalis_lumborum"),
)
_SUBOCCIPITALS: Final = (
    *("rectus_capitis_posterior_major", "rectus_capitis_posterior_minor"),
    *("obliquus_capitis_superior", "obliquus_capitis_inferior"),
)
_BICEPS: Final = ("biceps_brachii_long_head", "biceps_brachii_short_head", *_HAMSTRINGS[:2])
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("hamstring", "hamstrings", "hams"), _HAMSTRINGS),
    **dict.fromkeys(("rhomboid", "rhomboids"), ("rhomboid_major", "rhomboid_minor")),
    **dict.fromkeys(("paraspinals", "erector spinae", "erectors"), _PARASPINALS),
    **dict.fromkeys(("suboccipital", "suboccipitals"), _SUBOCCIPITALS),
    **dict.fromkeys(("gastroc", "gastrocs", "gastrocnemius"), _CALF[:2]),
    "calf": _CALF,
    "biceps": _BICEPS,
}
"""What a person may mean by the name of a group. It is theirs to choose; nothing is taken."""
BEGINNING: Final = 3
"""So many letters of a name are enough, if no other name begins so."""
NAMES: Final = tuple(sorted(muscle.name for muscle in MUSCLES))
"""What a form offers."""


def meant(typed: str) -> tuple[str, Side | None]:
    """Return the slug of the muscle that a text means, and the side, if it says one.

    A text that may mean several muscles, or none, stays as it is: the body's model refuses it, and
    names the nearest. The beginning of a name is enough if no other muscle's name begins so.
    """
    slug = named(typed)
    if slug is not None or not typed.split():
        return slug or typed, None
    # A letter alone is a side before it is the beginning of a name: `multifidus L` is no lumbar.
    parts = typed.split()
    for side, rest in ((parts[-1], parts[:-1]), (parts[0], parts[1:])):
        given = SIDES.get(side.casefold().strip(".,()"))
        if given is not None and rest:
            name = " ".join(rest)
            return _muscle(name) or name, given
    return _muscle(typed) or typed, None


def group(typed: str) -> tuple[str, ...]:
    """Return the slugs of the muscles of the group that a text names; nothing if it names none."""
    name, _ = meant(typed)
    return GROUPS.get(" ".join(words(name)), ())


def _muscle(typed: str) -> str | None:
    slug = named(typed)
    if slug is not None or not words(typed):
        return slug
    asked = " ".join(words(typed))
    begun = {
        one.slug
        for one in search(typed)
        if any(
            " ".join(words(name)).startswith(asked) for name in (one.slug, one.name, *one.synonyms)
        )
    }
    # Part of another muscle that begins so, too, doesn't make it less clear: the whole is meant.
    whole = {slug for slug in begun if _part_of(slug) not in begun}
    return whole.pop() if len(whole) == 1 and len(asked) >= BEGINNING else None


def _part_of(slug: str) -> str | None:
    found = find(slug)
    return None if found is None else found.part_of
