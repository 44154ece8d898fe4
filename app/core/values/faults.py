"""Faults of a record, as plain values: what the pure rules speak in."""

from collections.abc import Sequence
from typing import NamedTuple


class Fault(NamedTuple):
    """One thing that is wrong with a body.

    `pointer` is a JSON Pointer (RFC 6901) into the body, `code` is stable for machines,
    `detail` is a sentence for people and never quotes what the client sent: a name or a
    comment about a patient must not reach a log by way of an error.
    """

    pointer: str
    code: str
    detail: str


class RuleBroken(ValueError):
    """A rule that a value, or several values together, don't meet.

    Raised by the pure rules inside a pydantic validator, which adds the place.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def pointer(*steps: object) -> str:
    """A JSON Pointer (RFC 6901) from its unescaped steps: ``/needlings/2/ache``."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def check_distinct(values: Sequence[object]) -> None:
    """Raise `RuleBroken` where the same thing is listed twice."""
    if len(set(values)) < len(values):
        raise RuleBroken("repeated", "The same thing is listed twice.")
