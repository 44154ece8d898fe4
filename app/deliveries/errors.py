"""Why a message was not handed over."""

from typing import Literal

Outcome = Literal["later", "refused", "unsure"]
"""`later`: it did not go, and may go later. `refused`: it can never go. `unsure`: it may have
gone."""


class Undelivered(Exception):
    """A message was not handed over. `reason` says why in plain words, and quotes nothing."""

    def __init__(self, reason: str, outcome: Outcome = "later") -> None:
        super().__init__(reason)
        self.reason = reason
        self.outcome = outcome


class Unwanted(Exception):
    """A message was not handed over, because nobody wants it any more."""
