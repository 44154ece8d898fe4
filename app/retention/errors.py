"""What stands against an erasure. Only the command line erases, so these are no problems."""

from datetime import date


class NotErasable(Exception):
    """Why a record can't be erased, in a sentence."""


class NoPolicy(NotErasable):
    """The clinic has not said how long it keeps records."""

    def __init__(self) -> None:
        super().__init__("Nothing is erased before the clinic has set a retention policy.")


class OnHold(NotErasable):
    """A legal hold is on the record."""

    def __init__(self) -> None:
        super().__init__("A legal hold is on this patient's record: release it first.")


class TooEarly(NotErasable):
    """The record has to be kept for longer; `due` is the first day on which it may go."""

    def __init__(self, due: date) -> None:
        super().__init__(f"The record has to be kept until {due}.")
