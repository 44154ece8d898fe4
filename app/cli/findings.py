"""What `doctor` finds."""

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """The result of a check; `remedy` says what to do if it isn't ok."""

    check: str
    state: Literal["ok", "warning", "broken"]
    found: str
    remedy: str | None = None
