"""Name the text for which a summary is refused."""

import unicodedata
from collections.abc import Mapping
from typing import NoReturn

from app.core.values.faults import Fault
from app.core.values.problems import Invalid
from app.summaries import printing
from app.summaries.errors import Unprintable
from app.summaries.rules.places import REQUEST, Place


def refuse(places: Mapping[str, Place]) -> NoReturn:
    """Raise the problem that names the text that can't be printed, and its script.

    `places` are those of all texts. Raises `Invalid` for a text of the request, else `Unprintable`.
    """
    found = printing.unprintable([*places])
    if found is None:
        raise Unprintable("No font on this server can show a combination of characters.")
    nth, character = found
    resource, id_, place = [*places.values()][nth]
    script = unicodedata.name(character, "").partition(" ")[0] if character else ""
    what = f"a character of this text ({script or 'unknown'})" if character else "this text"
    detail = f"No font on this server can show {what}."
    if resource == REQUEST:
        raise Invalid([Fault(place, "unprintable", detail)])
    raise Unprintable(detail, resource=resource, resource_id=id_, pointer=place)
