"""Faults of a body, as plain values: what the pure rules raise or return."""

from collections.abc import Sequence
from typing import NamedTuple


class Fault(NamedTuple):
    """One thing that is wrong with a body.

    `pointer` is a JSON Pointer (RFC 6901) into the body. `code` is stable, for programs.
    `detail` is a sentence for people. It never quotes what the client sent: a patient's name or a
    comment must not reach a log through an error. `suggestions` are words that would be taken.
    `about` has the codes that the sentence names, such as those of questions. Only pages use it.
    """

    pointer: str
    code: str
    detail: str
    suggestions: tuple[str, ...] = ()
    about: tuple[str, ...] = ()

    def members(self) -> dict[str, object]:
        """Return the item of `errors`. It has `suggestions` only if there are any."""
        item = self._asdict()
        del item["about"]
        if not self.suggestions:
            del item["suggestions"]
        return item


class RuleBroken(ValueError):
    """A value, or several values together, break a rule.

    Pure rules raise it inside a pydantic validator, which adds the place.
    """

    def __init__(self, code: str, detail: str, suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.suggestions = suggestions


def pointer(*steps: object) -> str:
    """Return the JSON Pointer (RFC 6901) of unescaped steps, such as `/needlings/2/ache`."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def check_distinct(values: Sequence[object]) -> None:
    """Raise `RuleBroken` if a value is listed twice."""
    if len(set(values)) < len(values):
        raise RuleBroken("repeated", "A value is listed twice.")
