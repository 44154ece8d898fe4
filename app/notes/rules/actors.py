"""Who did something, as a note names them. Pure."""

import re
from collections.abc import Callable
from typing import Final

from app.notes.rules.words import written

_ACTOR: Final = re.compile(r"(practitioner|client|cli|server)(:\S*)?")


def is_program(who: str) -> bool:
    """Return whether a program did it, as the ledger writes its clients."""
    known = _ACTOR.fullmatch(who)
    return known is not None and known[1] == "client"


def actor(who: str, name: Callable[[str], str | None] | None, gettext: Callable[[str], str]) -> str:
    """Return the name of who did something, as the ledger writes them.

    `name` finds it; None if the client may not read names. What no part of the program wrote, such
    as the signature in another system, stays as it is.
    """
    _ = gettext
    known = _ACTOR.fullmatch(who)
    if known is None:
        return written(who)
    kind = known[1]
    if kind == "cli":
        return _("the command line")
    if kind == "server":
        return _("the server")
    if name is None:
        return _("somebody whose name is not shown to this client")
    found = name(who)
    if found:
        return written(found)
    return _("a practitioner without a name") if kind == "practitioner" else _("a program")
