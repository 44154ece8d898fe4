"""A reader of the change feed that keeps a copy of the clinic's records."""

from dataclasses import dataclass, field

from tests.faults.callers import Caller, Json

PAGE = 7
GONE = 410


@dataclass
class Follower:
    """A client that keeps the newest version of each record, and its place in the feed."""

    cursor: str = "0"
    copies: dict[str, Json] = field(default_factory=dict)
    restarts: int = 0

    def follow(self, caller: Caller) -> None:
        """Read all changes since the last time. After a 410, begin again with an empty copy."""
        while True:
            answer = caller.once("GET", f"/v1/changes?after={self.cursor}&limit={PAGE}")
            if answer.status == GONE:
                assert answer.body["type"].endswith("/cursor-superseded")
                assert "after=0" in answer.body["detail"]
                self.cursor, self.copies = "0", {}
                self.restarts += 1
                continue
            assert answer.status == 200, answer
            for change in answer.body["items"]:
                self.copies[change["resource_id"]] = change["body"]
            self.cursor = answer.body["cursor"]
            if answer.body["next"] is None:
                return
