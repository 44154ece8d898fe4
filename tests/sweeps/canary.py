"""Unique words, planted wherever a client can send a text, and searched for elsewhere."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from httpx2 import Response
from pydantic_core import from_json, to_json

from tests.ground import Api
from tests.sweeps.document import PROBLEM, Documented, resolved
from tests.sweeps.world import REFERENCES, World, model_of

# A word is valid as a code, a name, a language tag, a part of a URL and of a header.
WORD: Final = re.compile(r"zq-\d{5}qz9")
# The values of these members are looked up in a list or are keys; a word there is refused.
HELD: Final = frozenset(
    {
        *("FollowUpBody/sore_muscles", "AdverseEventBody/muscle"),
        *("MeasurementBody/instrument", "MeasurementBody/muscle", "ThresholdsBody/instrument"),
        *("SessionBody/needlings/[]/muscle", "SessionBody/measurements/[]/instrument"),
        *("SessionBody/measurements/[]/unit", "MeasurementBody/unit"),
        *("SessionBody/measurements/[]/muscle", "ClientBody/jwks", "ClientBody/jwks_url"),
        *("SessionBody/measurements/[]/movement", "MeasurementBody/movement"),
        *("PatientBody/birth_date", "PatientSearch/birth_date"),
        *("EpisodeBody/region", "ThresholdsBody/region", "AdverseEventBody/kind"),
        *("SessionBody/co_interventions/[]", "SessionBody/aftercare/[]"),
        *("ScreeningBody/answers/[]/code", "TermBody/code", "OwnWordBody/code"),
        *("TermBody/parent", "OwnWordBody/parent"),
        *("PatientSearch/given_name", "PatientSearch/family_name", "LetterBody/language"),
        # An override needs a fault, which sessions in the sweeps get by their amendment only.
        *("SignBody/overrides", "AmendBody/overrides/[]/pointer"),
    }
)
FIXED: Final = {"code"}
"""Members that never change: a term keeps its code."""
TOO_DEEP: Final = {"needle": {"length_mm": 40}, "depth_mm": 41}
"""What the override of an amendment is about."""
# Additions to the example bodies, so that every text member has a place.
MORE: Final[Mapping[str, dict[str, Any]]] = {
    "MeasurementBody": {"instrument": "psfs", "activity": "Reaching"},
    "AmendBody": {
        "overrides": [{"code": "deeper_than_needle", "reason": "Compressed."}],
        "changes": {
            "measurements": [
                {"phase": "before", "instrument": "psfs", "activity": "reach", "value": 3}
            ],
        },
    },
}


class Planted:
    """Every planted word, and its place."""

    def __init__(self) -> None:
        self.places: list[str] = []

    def word(self, place: str) -> str:
        """A new word for this place."""
        self.places.append(place)
        return f"zq-{len(self.places):05}qz9"

    def found(self, text: str) -> set[str]:
        """The places of the planted words that a text contains."""
        return {self.places[int(word[3:8]) - 1] for word in WORD.findall(text.lower())}

    def filled(self, schema: Any, value: Any, place: str) -> Any:
        """A value with a word in each of its texts, including optional ones."""
        schema = resolved(schema)
        is_held = place in HELD or {"enum", "const", "format"} & schema.keys()
        # Only some instruments take an activity.
        if is_held or (value is None and place.endswith("/activity")):
            return value
        if schema.get("type") == "string":
            word = self.word(place)
            return f"{word}@example.org" if "@" in schema.get("pattern", "") else word
        if "properties" in schema:
            made = {
                name: self.filled(inner, (value or {}).get(name), f"{place}/{name}")
                for name, inner in schema["properties"].items()
            }
            return {name: member for name, member in made.items() if member is not None} or value
        if schema.get("type") == "array":
            items = [self.filled(schema["items"], item, f"{place}/[]") for item in value or [None]]
            return [item for item in items if item is not None] or value
        return value


class PlantedWorld(World):
    """A clinic in which every text is a planted word."""

    def __init__(self, api: Api, planted: Planted) -> None:
        super().__init__(api)
        self.planted = planted

    def example(self, model: str) -> dict[str, Any]:
        """The document's example of a body, with additions, and a word in each text."""
        body = super().example(model) | MORE.get(model, {})
        body = self.planted.filled({"$ref": f"#/components/schemas/{model}"}, body, model)
        if model == "ConsentBody":
            del body["address"]  # only consents to messages have one
        if model == "AmendBody":
            needling = {"muscle": "infraspinatus", "side": "left", **TOO_DEEP}
            body["changes"] = {"note": self.planted.word("a change"), "needlings": [needling]}
        return dict(body)

    def reached_at(self) -> str:
        """An address with a word in it."""
        return f"{self.planted.word('ConsentBody/address')}@example.org"

    def content(self, operation: Documented) -> bytes | None:
        """A body that this operation must accept; for a merge patch, that of a whole record."""
        if not operation.patches:
            return super().content(operation)
        if operation.name == "clinics.update":
            return to_json({"name": self.planted.word("ClinicBody/name")})
        body = self.example(model_of(operation.path.removesuffix("/{id}")))
        return to_json({name: body[name] for name in body.keys() - REFERENCES.keys() - FIXED})


class AnswerRecorder:
    """The parts of an answer beside the records: headers, addresses and problems."""

    def __init__(self, planted: Planted) -> None:
        self.planted = planted
        self.statuses: set[int] = set()
        self.leaks: dict[str, set[str]] = {}

    def record(self, answer: Response) -> None:
        """Collect these parts of an answer, as a hook of the client."""
        answer.read()
        self.statuses.add(answer.status_code)
        for part, text in _told(answer):
            words = self.planted.found(text) - ALLOWED.get(part, frozenset())
            if words:
                sent = f"{answer.request.method} {answer.request.url.path[:60]}"
                self.leaks.setdefault(f"{part} of {answer.status_code} {sent}", set()).update(words)


RELEASES: Final = {"chart-summaries": "ChartSummaryBody", "letters": "LetterBody"}
RELEASED: Final = ("recipient/name", "purpose", "override_reason")
REQUEST_ID: Final = "header X-Request-Id"
MEMBER: Final = "name of a member"
# The only places that may repeat a client's text, and which text.
ALLOWED: Final = {
    # Its purpose is to be found: in the answer, the log and the ledger.
    "header x-request-id": frozenset({REQUEST_ID}),
    "problem's request_id": frozenset({REQUEST_ID}),
    "log": frozenset({REQUEST_ID}),
    "entry's request_id": frozenset({REQUEST_ID}),
    # A pointer names the unknown member, as its sender spelled it.
    "problem's pointer": frozenset({MEMBER}),
    # The reason for a void, an emergency access or a release is in the ledger, and so is a review.
    "entry's reason": frozenset(
        {
            *("AmendBody/reason", "EmergencyBody/reason", "VoidBody/reason"),
            "ReviewBody/note",
            *(f"{body}/{name}" for body in RELEASES.values() for name in RELEASED),
            *(
                f"/v1/patients/{{id}}/{path}: {tuple(name.split('/'))}"
                for path in RELEASES
                for name in RELEASED
            ),
            "/v1/emergency-access: ('reason',)",
            "/v1/emergency-access/{id}/review: ('note',)",
        }
    ),
}


def _told(answer: Response) -> Iterator[tuple[str, str]]:
    for name, value in answer.headers.items():
        yield f"header {name}", value
    kind = answer.headers.get("content-type", "")
    if kind == PROBLEM:
        yield from _parts(from_json(answer.content))
    elif not answer.is_success:
        yield "body", answer.text
    elif kind == "application/json":
        body = from_json(answer.content)
        yield "next", str(body.get("next") if isinstance(body, dict) else None)


def _parts(problem: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, member in problem.items():
        if name == "errors":
            for error in member:
                for part, value in error.items():
                    yield f"problem's {part}", str(value)
        else:
            yield f"problem's {name}", str(member)
