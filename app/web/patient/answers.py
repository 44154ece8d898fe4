"""Reads an answer from the form or from an app: one list of rules for both."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import parse_qsl
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import to_json

from app.alerts.views import RedFlag
from app.core.values.faults import Fault, RuleBroken, check_distinct
from app.core.values.problems import Invalid, MalformedRequest
from app.core.values.vocabularies import words_of
from app.core.values.wire import Body, Score, Text, read
from app.followups.views import ChangeRating, FollowUpReporter
from app.web.patient import wording

FIELDS_MAX: Final = 20
NOT_ME: Final = "not_me"
NEITHER: Final = "Name the red flags, or send none_of_these."
BOTH: Final = "Name red flags or send none_of_these, not both."
SINGLE: Final = frozenset(
    {
        *("submission", "language", "soreness", "change", "bruising"),
        *("none_of_these", "reported_by", "comment"),
    }
)
SEVERAL: Final = "red_flags"
ORDER: Final = ("soreness", "change", SEVERAL, "bruising", "reported_by", "comment")
"""The fields in which a person can make a fault, in the order of the page."""
WORDS: Final[Mapping[str, object]] = {"yes": True, "no": False}


class AnswerBody(Body):
    """What a patient answers by their link."""

    submission: UUID
    """One form that was shown, or one answer of an app. Sent again, it is the same report."""
    soreness: Score
    change: ChangeRating | None = None
    none_of_these: bool = False
    """Whether the patient says that they have none of the red flags."""
    red_flags: Annotated[list[RedFlag], Field(max_length=6, validate_default=True)] = []
    bruising: bool | None = None
    reported_by: FollowUpReporter | None = None
    comment: Text | None = None

    @field_validator("red_flags")
    @classmethod
    def _said(cls, red_flags: list[str], info: ValidationInfo) -> list[str]:
        check_distinct(red_flags)
        none = info.data.get("none_of_these")
        if none is False and not red_flags:
            raise RuleBroken("missing", NEITHER)
        if none and red_flags:
            raise RuleBroken("contradictory", BOTH)
        return red_flags

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the answer. The same answer of the same form is one report."""
        members = self.model_dump(mode="json") | {"red_flags": sorted(self.red_flags)}
        return sha256(to_json(members)).digest()


class Typed(NamedTuple):
    """What a person entered into the form."""

    pairs: tuple[tuple[str, str], ...] = ()

    def value(self, name: str) -> str:
        """Return the value of a field; empty if it has none."""
        return next((value for key, value in self.pairs if key == name), "")

    def values(self, name: str) -> list[str]:
        """Return the values of a field that may have several."""
        return [value for key, value in self.pairs if key == name]


def typed(raw: bytes) -> Typed:
    """Return what the form holds. Raises `MalformedRequest` if this isn't the page's form."""
    try:
        pairs = parse_qsl(
            raw.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"
        )
    except ValueError:
        raise MalformedRequest("This is not the form of the page.") from None
    single = [name for name, _ in pairs if name != SEVERAL]
    if len(set(single)) < len(single) or not SINGLE.issuperset(single):
        raise MalformedRequest("This is not the form of the page.")
    return Typed(tuple((name, value.replace("\r\n", "\n")) for name, value in pairs))


def answer(form: Typed) -> AnswerBody:
    """Return the answer in a form. Raises `Invalid` with every fault."""
    members: dict[str, object] = {}
    for name, value in form.pairs:
        if value and name in SINGLE - {"language"}:
            members[name] = _member(name, value)
    return read(AnswerBody, to_json(members | {SEVERAL: form.values(SEVERAL)}))


def red_flags_in(said: object) -> list[RedFlag]:
    """Return the red flags in an answer that has faults: every one that the page knows.

    `said` is the value of the member `red_flags`. A sign of danger counts beside any other fault.
    """
    values = said if isinstance(said, list) else []
    return [flag for flag in words_of(RedFlag) if flag in values]


def submission_in(form: Typed) -> UUID | None:
    """Return the id of the form that was shown; None if it has none."""
    try:
        return UUID(form.value("submission"))
    except ValueError:
        return None


def _member(name: str, value: str) -> object:
    if name == "soreness":
        # Only what the page's own radios send: int() would also take other digits and signs.
        return int(value) if value in map(str, range(11)) else value
    if name in {"bruising", "none_of_these"}:
        return WORDS.get(value, value)
    return value


def faults_by_field(faults: Iterable[Fault]) -> dict[str, str]:
    """Return the message about each field of the page that has a fault, in the page's order."""
    found: dict[str, str] = {}
    for fault in faults:
        name = fault.pointer.removeprefix("/").partition("/")[0]
        found.setdefault(name, wording.FAULTS.get((name, fault.code), wording.OTHER_FAULT))
    return {name: found.get(name, "") for name in ORDER}


def faults_of(refused: Invalid) -> list[Fault]:
    """Return the faults of a problem, as they were found."""
    items: list[Mapping[str, Any]] = refused.members["errors"]
    return [Fault(each["pointer"], each["code"], each["detail"]) for each in items]
