"""Reasons against an erasure. They are not problems, because only the command line erases."""

from datetime import date


class NotErasable(Exception):
    """A record can't be erased; the message says why."""


class NoPolicy(NotErasable):
    """The clinic has no retention policy."""

    def __init__(self) -> None:
        super().__init__("Set a retention policy first: without one nothing is erased.")


class OnHold(NotErasable):
    """A legal hold is on the record."""

    def __init__(self) -> None:
        super().__init__("A legal hold is on this patient's record: release it first.")


class TooEarly(NotErasable):
    """The record must be kept for longer; `due` is the first day on which it may be erased."""

    def __init__(self, due: date) -> None:
        super().__init__(f"The record must be kept until {due}.")
