"""Why a message was not handed over."""


class Undelivered(Exception):
    """A message was not handed over. `reason` says why in plain words, and quotes nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
