"""Who is calling, and what that allows: the words that every route speaks in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Scope(StrEnum):
    """What a token may be allowed to do: `<noun>:<read|write>`."""

    ADVERSE_EVENTS_READ = "adverse_events:read"
    ADVERSE_EVENTS_WRITE = "adverse_events:write"
    AUDIT_READ = "audit:read"
    CHANGES_READ = "changes:read"
    CLIENTS_READ = "clients:read"
    CLIENTS_WRITE = "clients:write"
    CLINIC_READ = "clinic:read"
    CONSENTS_READ = "consents:read"
    CONSENTS_WRITE = "consents:write"
    DEVICES_READ = "devices:read"
    DEVICES_WRITE = "devices:write"
    EPISODES_READ = "episodes:read"
    EPISODES_WRITE = "episodes:write"
    FOLLOW_UPS_READ = "follow_ups:read"
    FOLLOW_UPS_WRITE = "follow_ups:write"
    IMPORTS_WRITE = "imports:write"
    INSTRUMENTS_READ = "instruments:read"
    MEASUREMENTS_READ = "measurements:read"
    MEASUREMENTS_WRITE = "measurements:write"
    MUSCLES_READ = "muscles:read"
    NEEDLE_LOTS_READ = "needle_lots:read"
    PATIENTS_READ = "patients:read"
    PATIENTS_WRITE = "patients:write"
    PRACTITIONERS_READ = "practitioners:read"
    PRACTITIONERS_WRITE = "practitioners:write"
    PROGRESS_READ = "progress:read"
    SCREENINGS_READ = "screenings:read"
    SCREENINGS_WRITE = "screenings:write"
    SESSIONS_READ = "sessions:read"
    SESSIONS_WRITE = "sessions:write"


@dataclass(frozen=True, slots=True)
class Caller:
    """A client whose token was checked, and the clinic that the token decides."""

    clinic_id: UUID
    client_id: UUID | None
    """None for the command line, whose caller is whoever holds the machine."""
    actor: str
    scopes: frozenset[Scope]


class Refused(NamedTuple):
    """A token of a client that we know, but that isn't good any more, or never was."""

    caller: Caller
    reason: str
    again: bool = False
    """Whether that was said within the last minute: anybody can send a token, and no number of
    them may fill the clinic's ledger."""


Authenticate = Callable[[str], Awaitable[Caller | Refused | None]]
"""From a bearer token to its caller; None where it belongs to nobody."""
