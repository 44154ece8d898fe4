"""The clinic whose requests and answers are the examples of the OpenAPI document."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from app.core.values.clock import uuid7
from tests.ground import Api
from tests.sweeps.document import Documented, document
from tests.sweeps.world import ALERTS, ASKS, EMERGENCY, OWN_WORDS, World

BEGAN = datetime(2026, 11, 24, 18, tzinfo=UTC)
"""The instant of every recorded request."""
DAYS = [datetime(2026, 11, day, 18, 50, tzinfo=UTC) for day in (2, 6, 13, 20)]
"""The ends of the sessions that the story begins with: then they are written and signed."""


class Story(World):
    """A patient with four sessions. Requests that read ask for these records; others make more."""

    def __init__(self, api: Api, travel: Callable[[datetime], None]) -> None:
        super().__init__(api)
        self._reads = False
        self._own_words = 0
        self._people = 0
        self._held: dict[str, Any] = {}
        travel(DAYS[0])
        for collection in ("practitioners", "patients", "episodes"):
            self.known(collection)
        for number, day in enumerate(DAYS):
            travel(day)
            self._held["/v1/sessions"] = self._session(f"{day:%F}", 7 - number)
        self._known["sessions"] = self._held["/v1/sessions"]["id"]
        travel(BEGAN)
        follow_ups = f"/v1/sessions/{self._known['sessions']}/follow-ups"
        for address in ("/v1/measurements", "/v1/consents", "/v1/screenings", follow_ups):
            self._held[address] = self.make(address)
        for name in ("adverse-events", "thresholds", "terms", "accounts", "clients", "devices"):
            self._held[f"/v1/{name}"] = self.make(f"/v1/{name}")
        self._held[ALERTS] = self.make(ALERTS)
        self._held[ASKS] = self.make(ASKS)
        self._held[EMERGENCY] = self.make(EMERGENCY)
        self.end_emergencies()
        self.api.get(f"/v1/patients/{self._known['patients']}")  # an access, for the ledger

    def _session(self, day: str, pain: int) -> dict[str, Any]:
        """A signed session with this pain before it."""
        body = self.example("SessionBody") | {
            "occurred_at": f"{day}T10:00:00-08:00",
            "episode_id": self.known("episodes"),
        }
        body["measurements"][0]["value"] = pain
        made = self.api.create("/v1/sessions", **body)
        signed = self.api.post(f"/v1/sessions/{made['id']}/sign", headers={"If-Match": '"1"'})
        found: dict[str, Any] = signed.json()
        return found

    def example(self, model: str) -> dict[str, Any]:
        """The document's example of a body, whose identifiers are short.

        The words of a vocabulary stay readable: each next row has a number.
        """
        body = super().example(model)
        if model in OWN_WORDS:
            shown = document()["components"]["schemas"][model]["examples"][0]
            nth = f" {self._own_words}" if self._own_words else ""
            self._own_words += 1
            body["code"] = shown["code"] + nth.replace(" ", "_")
            body["name"] = shown["name"] + nth
            body["synonyms"] = [word + nth for word in shown["synonyms"]]
        if "sign_in_name" in body:
            self._people += 1
            body["sign_in_name"] = f"robin{self._people}"
        for identifier in body.get("identifiers", ()):
            identifier["value"] = f"P-{str(uuid7())[-6:].upper()}"
        return body

    def request(self, operation: Documented) -> Any:
        """A request that this operation must accept."""
        self._reads = operation.method == "GET"
        try:
            return super().request(operation)
        finally:
            self._reads = False

    def make(self, address: str) -> dict[str, Any]:
        """Create a record, or take the one that the story has, for a request that only reads."""
        if self._reads:
            name = address.removeprefix("/v1/")
            if name in self._known:
                return {"id": self._known[name]}
            for held, record in self._held.items():
                if re.fullmatch(held, address):
                    return dict(record)
        return super().make(address)
