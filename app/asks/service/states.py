"""What a patient's link shows: its state, as a pure function of what is stored."""

from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from typing_extensions import TypeAliasType

from app.asks.views import AskReason, AskStatus

LinkState = TypeAliasType(
    "LinkState",
    Literal[
        "not_yet", "open", "answered", "full", "expired", "stopped", "closed", "not_me", "unknown"
    ],
)
"""What a link shows. `not_yet`: no message was due yet. `open`: the form. `answered`: thanks, and
another form on demand. `full`: no more answers. `expired`: its time is over. `stopped`: the patient
wants no messages. `closed`: the visit is void or another patient's. `unknown`: there is no such
link, or it was revoked."""
GRACE: Final = timedelta(hours=2)
"""How much longer it takes a form that was opened before its end."""
ANSWERS_MAX: Final = 5
TAKES: Final[frozenset[LinkState]] = frozenset({"open", "answered"})
"""The states in which a link takes an answer."""
CLOSED: Final[frozenset[AskReason | None]] = frozenset(
    {"void", "moved", "not_needled", "deceased", "not_me"}
)
"""An ask that ended for another reason still takes an answer: it may tell of harm."""


class Standing(NamedTuple):
    """What is stored of a link, its ask and its visit."""

    revoked: bool
    ends_at: datetime
    status: AskStatus
    reason: AskReason | None
    due_at: datetime | None
    visit_at: datetime
    void: bool
    moved: bool
    """Whether the visit is another patient's now."""
    stopped: bool
    """Whether the patient wants no messages by the channel of the link any more."""
    answers: int
    """How many answers came by the links of this ask."""


def state(standing: Standing, at: datetime, grace: timedelta = timedelta()) -> LinkState:
    """Return what a link shows at an instant. `grace` is how long after its end it is good."""
    if standing.revoked:
        return "unknown"
    if standing.void or standing.moved or standing.reason in CLOSED:
        return "closed"
    if standing.stopped:
        return "stopped"
    if standing.answers:
        return _after_answers(standing, at, grace)
    if at >= standing.ends_at + grace:
        return "expired"
    return "open" if _is_due(standing, at) else "not_yet"


def _after_answers(standing: Standing, at: datetime, grace: timedelta) -> LinkState:
    """Who has answered is thanked, whenever they come back."""
    over = standing.answers >= ANSWERS_MAX or at >= standing.ends_at + grace
    return "full" if over else "answered"


def _is_due(standing: Standing, at: datetime) -> bool:
    if standing.status == "due" and standing.due_at is not None:
        return at >= standing.due_at
    return at >= standing.visit_at
