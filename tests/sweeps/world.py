"""A clinic with a record of each kind, and a valid request for every operation."""

import copy
import re
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from httpx2 import Response
from pydantic_core import to_json

from app.asks.service.sending import ask_in
from app.core.values.clock import now, uuid7
from tests.ground import Api
from tests.sweeps.document import Documented, document, operations
from tests.wire import Wire

# A merge patch for each collection and for the clinic; the document has no examples of patches.
CHANGES: dict[str, dict[str, Any]] = {
    "patients": {"language": "fr-CA"},
    "practitioners": {"status": "inactive", "inactive_from": "2026-01-31"},
    "episodes": {"complaint": "Shoulder pain, both sides"},
    "sessions": {"note": "More was said."},
    "thresholds": {"mcid": 4.2},
    "accounts": {"name": "Robin Other"},
    "terms": {"note": "Since the operation."},
    "measurements": {"value": 5},
    "consents": {"given_by": "A parent"},
    "screenings": {"decision": "modified"},
    "adverse-events": {"outcome": "Gone after a day."},
    "clinic": {"name": "Clinic by the sea"},
}
# Members that turn the document's example of a body into a different body.
OTHER: dict[str, dict[str, Any]] = {
    "PatientBody": {"given_name": "Other"},
    "PractitionerBody": {"given_name": "Other"},
    "EpisodeBody": {"complaint": "Other"},
    "SessionBody": {"note": "Other"},
    "ThresholdsBody": {"source": "Other"},
    "TermBody": {"source": "Other"},
    "OwnWordBody": {"source": "Other"},
    "FollowUpBody": {"comment": "Other"},
    "MeasurementBody": {"value": 1},
    "ConsentBody": {"given_by": "Other"},
    "ScreeningBody": {"rule_set": "Other"},
    "AdverseEventBody": {"description": "Other"},
    "ClientBody": {"name": "Other"},
    "AccountBody": {"sign_in_name": "other"},
    "DeviceBody": {"name": "Other"},
    "EmergencyBody": {"reason": "Another reason."},
}
# Bodies whose words may belong to one record only.
OWN_WORDS = {"TermBody", "OwnWordBody"}
REFERENCES = {
    "patient_id": "patients",
    "practitioner_id": "practitioners",
    "session_id": "sessions",
    "episode_id": "episodes",
}
WORDS = {"slug": "infraspinatus", "code": "nprs", "version": "1", "number": "1", "lot": "L2604"}
# Path segments of more than one word.
WORDS |= {"dataset}.{format": "sessions.csv"}
# Members of an answer that are shown once, and neither stored nor in the ledger.
SECRETS = {"api_key", "enrolment_code", "invitation_code"}
# Members that only the answer to a write has, not the record.
OF_THE_WRITE = {"ended", "possible_duplicates"}
# Members of an answer that the body of a change entry doesn't have.
UNSTATED = {
    *("made_by", "earlier_key_until", "descendants", "second_factor", "last_sign_in_at"),
    "deliveries",
}
# The operations that only a practitioner may call, and their paths.
PERSONAL = {"emergencies.create"}
# The operations on a client that only its maker may call.
OF_ITS_MAKER = {"clients.rotate"}
CREATED = 201
YESTERDAY = timedelta(hours=20)
"""How long ago a visit was about which a patient may be asked now."""
EMERGENCY = "/v1/emergency-access"
ALERTS = "/v1/alerts"
ASKS = "/v1/asks"
ATTEMPTED_WITHIN_S = 30.0
# How long a practitioner's token is reused; it is valid for five minutes.
TOKEN_S = 200
# The query that an operation requires.
QUERIES = {"audit.consistency": "?from=1&to=2"}


@dataclass
class Sent:
    """A request that can be sent, or changed before it is sent."""

    method: str
    path: str
    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    of_maker: "tuple[str, Api] | None" = None
    """The path with a client that only its maker may change, and that maker: any other sender first
    makes one of its own."""
    personal: "World | None" = None
    """For operations of practitioners only: the world whose practitioner replaces the `api`."""

    def sender(self, api: Api) -> Api:
        """The client that sends the request for this one."""
        if self.personal is None or api is not self.personal.api:
            return api
        self.personal.end_emergencies()
        return self.personal.practitioners

    def by(self, api: Api, *, content: bytes | None = None, **headers: str) -> Response:
        """Send the request; `content` and `headers` (`If_Match`) replace its own."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        raw = self.content if content is None else content
        sender = self.sender(api)
        path = self.path
        if (
            self.of_maker is not None
            and path == self.of_maker[0]
            and sender is not self.of_maker[1]
        ):
            made = sender.post("/v1/clients", {"name": "x", "scopes": ["clients:write"]})
            if made.status_code == CREATED:
                path = re.sub(r"[0-9a-f-]{36}", made.json()["id"], path)
        return sender(self.method, path, headers=self.headers | more, content=raw)


class World:
    """A clinic with one record of each kind, which creates more on demand."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.asked: dict[str, Any] = {}
        """The ask that was made last."""
        self._known: dict[str, str] = {}
        self._tablet: dict[str, Any] | None = None
        self._until_s = 0.0

    def example(self, model: str) -> dict[str, Any]:
        """The document's example of a body, with ids of this clinic's records."""
        body = copy.deepcopy(document()["components"]["schemas"][model]["examples"][0])
        for name, collection in REFERENCES.items():
            if name in body:
                body[name] = self.known(collection)
        for identifier in body.get("identifiers", ()):
            identifier["value"] = str(uuid7())
        if "attempt_id" in body and self.asked:
            body["attempt_id"] = self.asked["attempts"][0]["id"]
        if "sign_in_name" in body:
            body["sign_in_name"] = uuid7().hex
        if model in OWN_WORDS:
            word = uuid7().hex
            body |= {"code": f"own_{word}", "name": word, "synonyms": [f"as {word}"]}
        return dict(body)

    def known(self, collection: str) -> str:
        """The id of one record that no sweep changes."""
        if collection not in self._known:
            self._known[collection] = str(self.make(f"/v1/{collection}")["id"])
        return self._known[collection]

    @property
    def practitioners(self) -> Api:
        """A client that is a practitioner's device with every scope."""
        if self._tablet is None:
            self._tablet = self.api.tablet()
            self._until_s = time.monotonic() + TOKEN_S
        if time.monotonic() > self._until_s:
            form = {"grant_type": "refresh_token", "refresh_token": self._tablet["refresh_token"]}
            self._tablet = self.api.wire.post("/oauth/token", data=form).json()
            self._until_s = time.monotonic() + TOKEN_S
        return Api(self.api.wire, self._tablet["access_token"])

    def with_a_practitioner(self) -> "World":
        """Enrol the practitioner's device now: later, it would add entries to the ledger."""
        self.practitioners.get("/v1/clinic")
        return self

    def end_emergencies(self) -> None:
        """End an open emergency access, so that a new one can begin."""
        for each in self.api.get(f"{EMERGENCY}?limit=200").json()["items"]:
            if each["ended_at"] is None:
                self.api.post(f"{EMERGENCY}/{each['id']}/end")

    def make(self, address: str) -> dict[str, Any]:
        """Create a record in a collection from the document's example."""
        if address == EMERGENCY:
            self.end_emergencies()
            return self.practitioners.create(address, **self.example("EmergencyBody"))
        if address == ALERTS:
            return self.alarm()
        if address == ASKS:
            self.asked = self.ask()
            return self.asked
        return self.api.create(address, **self.example(model_of(address)))

    def alarm(self) -> dict[str, Any]:
        """Report a serious adverse event, and return the alert that it raises."""
        body = self.example("AdverseEventBody") | {"severity": "serious"}
        source = self.api.create("/v1/adverse-events", **body)["id"]
        raised = self.api.get(f"{ALERTS}?limit=200").json()["items"]
        [alert] = [each for each in raised if each["source"]["id"] == source]
        return dict(alert)

    def ask(self) -> dict[str, Any]:
        """Sign a visit of yesterday, and return its ask after one attempt, which did not go."""
        patient_id = self.api.patient()["id"]
        occurred_at = (now() - YESTERDAY).isoformat()
        consent = {"channel": "email", "address": self.reached_at(), "obtained_at": occurred_at}
        body = self.example("ConsentBody") | {"patient_id": patient_id, "kind": "messages"}
        self.api.create("/v1/consents", **body | consent)
        made = self.api.session(patient_id=patient_id, occurred_at=occurred_at)
        self.api.post(f"/v1/sessions/{made['id']}/sign", headers={"If-Match": '"1"'})
        of_session = f"{ASKS}?session_id={made['id']}"
        [ask] = self.api.get(of_session).json()["items"]
        self.api.post(f"{ASKS}/{ask['id']}/send")
        if isinstance(self.api.wire, Wire):
            clinic_id = UUID(self.api.get("/v1/clinic").json()["id"])
            ask_in(self.api.wire.app.state.database, clinic_id)
        deadline = time.monotonic() + ATTEMPTED_WITHIN_S
        # A server of its own has its own asker, which takes a turn every two seconds.
        while not self._attempted(ask := self.api.get(of_session).json()["items"][0]):
            assert time.monotonic() < deadline, ask
            time.sleep(0.1)
        return dict(ask)

    def reached_at(self) -> str:
        """The address of a patient who is asked."""
        return "ana@example.org"

    @staticmethod
    def _attempted(ask: dict[str, Any]) -> bool:
        return any(attempt["status"] != "claimed" for attempt in ask["attempts"])

    def feed(self, after: int = 0) -> list[dict[str, Any]]:
        """Every change behind a number, in order."""
        found: list[dict[str, Any]] = []
        path: str | None = f"/v1/changes?limit=200&after={after}"
        while path:
            page = self.api.get(path).json()
            found += page["items"]
            path = page["next"]
        return found

    def address(self, operation: Documented) -> tuple[str, str | None]:
        """The path of a new target for an operation, and its ETag."""
        path, tag = "", None
        if operation.name == "clinics.update":
            return operation.path, self.api.get(operation.path).headers["etag"]
        for step in operation.path.removeprefix("/").split("/"):
            if not step.startswith("{"):
                path += f"/{step}"
            elif step.strip("{}") in WORDS:
                path += f"/{WORDS[step.strip('{}')]}"
            elif operation.method == "PUT" and operation.path.endswith(f"/{step}"):
                path += f"/{uuid7()}"
            else:
                made = self.make(path)
                path, tag = f"{path}/{made['id']}", f'"{made.get("version")}"'
                if operation.name == "emergencies.review":
                    self.api.post(f"{path}/end")
                if operation.name == "sessions.amend":
                    signed = self.api.post(f"{path}/sign", headers={"If-Match": tag})
                    tag = signed.headers["etag"]
        return path, tag

    def request(self, operation: Documented) -> Sent:
        """A request that this operation must accept."""
        path, tag = self.address(operation)
        headers = {"If-Match": tag} if operation.needs_version and tag else {}
        if operation.media:
            headers["Content-Type"] = operation.media[0]
        path += QUERIES.get(operation.name, "")
        sent = Sent(operation.method, path, self.content(operation), headers)
        if operation.name in OF_ITS_MAKER:
            sent.of_maker = (path, self.api)
        if operation.name in PERSONAL:
            sent.personal = self.with_a_practitioner()
        return sent

    def content(self, operation: Documented) -> bytes | None:
        """A body that this operation must accept."""
        if not operation.media:
            return None
        if operation.body_model is None:
            return to_json({"type": "patient", **self.example("PatientBody")})
        if operation.patches:
            return to_json(CHANGES[operation.path.split("/")[2]])
        return to_json(self.example(operation.body_model))


def lasting(answer: Response) -> Any:
    """The content of an answer as it is stored: without secrets and what only a write says."""
    return stored(answer.json())


def stored(answered: dict[str, Any]) -> dict[str, Any]:
    """The members of an answer that are stored."""
    apart = SECRETS | OF_THE_WRITE
    if not isinstance(answered.get("alert"), bool):  # a session has a stored member of this name
        apart = apart | {"alert"}
    return {name: member for name, member in answered.items() if name not in apart}


def stated(answer: Response) -> Any:
    """The content of an answer as the body of a change entry states it."""
    return {name: member for name, member in lasting(answer).items() if name not in UNSTATED}


def model_of(address: str) -> str:
    """The schema of the records that a collection creates."""
    for operation in operations():
        pattern = re.sub(r"\{[a-z_]+\}", "[^/]+", operation.path)
        if operation.method == "POST" and re.fullmatch(pattern, address) and operation.body_model:
            return operation.body_model
    raise AssertionError(address)
