"""What one version of a session says otherwise than another, in the parts of its note. Pure."""

from collections.abc import Mapping
from typing import Any, get_args, get_origin, get_type_hints

from typing_extensions import is_typeddict

from app.notes.rules.content import sections
from app.notes.rules.head import circumstances
from app.notes.rules.visit import Visit
from app.notes.rules.words import Words


def changed_parts(before: Visit, after: Visit, words: Words) -> list[str]:
    """Return the names of the parts that differ, in the order of the note."""
    was, now = _parts(before, words), _parts(after, words)
    return [name for name in dict.fromkeys((*was, *now)) if was.get(name) != now.get(name)]


def _parts(visit: Visit, words: Words) -> dict[str, Any]:
    """Return what a version says, by the name of the part. Other records are left out."""
    _, session = words.gettext, visit.session
    told = {
        _("Patient"): session["patient_id"],
        _("Practitioner"): session["practitioner_id"],
        _("Visit"): next(circumstances(visit, words)),
        _("Episode"): session["episode_id"],
        _("In other systems"): session["identifiers"],
    }
    return told | {section.title: section.lines for section in sections(visit, words)}


def completed(view: Mapping[str, Any], form: type) -> dict[str, Any]:
    """Return an older version with the members that were added since: empty lists, or None.

    `form` is the `TypedDict` of the newest version.
    """
    whole = dict(view)
    for name, kind in get_type_hints(form).items():
        is_list = get_origin(kind) is list
        value = whole.setdefault(name, [] if is_list else None)
        nested: Any = next(filter(is_typeddict, (kind, *get_args(kind))), None)
        if nested is None or value is None:
            continue
        if is_list:
            whole[name] = [completed(each, nested) for each in value]
        else:
            whole[name] = completed(value, nested)
    return whole
