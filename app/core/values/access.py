"""Scopes, roles and callers: who calls, and what they may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, NamedTuple, Protocol
from uuid import UUID

from typing_extensions import TypeAliasType

Role = TypeAliasType("Role", Literal["owner", "practitioner", "front-desk", "auditor"])
"""What a person does in the clinic, which decides their rights."""


class Scope(StrEnum):
    """A right that a token may have: `<noun>:<read|write>`, and `sessions:sign`."""

    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    ADVERSE_EVENTS_READ = "adverse_events:read"
    ADVERSE_EVENTS_WRITE = "adverse_events:write"
    ALERTS_READ = "alerts:read"
    ALERTS_WRITE = "alerts:write"
    ASKS_READ = "asks:read"
    ASKS_WRITE = "asks:write"
    AUDIT_READ = "audit:read"
    CHANGES_READ = "changes:read"
    CHART_SUMMARIES_WRITE = "chart_summaries:write"
    CLIENTS_READ = "clients:read"
    CLIENTS_WRITE = "clients:write"
    CLINIC_READ = "clinic:read"
    CLINIC_WRITE = "clinic:write"
    CONSENTS_READ = "consents:read"
    CONSENTS_WRITE = "consents:write"
    DEVICES_READ = "devices:read"
    DEVICES_WRITE = "devices:write"
    EMERGENCY_REVIEWS_WRITE = "emergency_reviews:write"
    EMERGENCY_WRITE = "emergency:write"
    EPISODES_READ = "episodes:read"
    EPISODES_WRITE = "episodes:write"
    EXPORTS_READ = "exports:read"
    FOLLOW_UPS_READ = "follow_ups:read"
    FOLLOW_UPS_WRITE = "follow_ups:write"
    IMPORTS_WRITE = "imports:write"
    INSTRUMENTS_READ = "instruments:read"
    MEASUREMENTS_READ = "measurements:read"
    MEASUREMENTS_WRITE = "measurements:write"
    MUSCLES_READ = "muscles:read"
    NEEDLE_LOTS_READ = "needle_lots:read"
    OUTCOMES_READ = "outcomes:read"
    PATIENTS_READ = "patients:read"
    PATIENTS_WRITE = "patients:write"
    PRACTITIONERS_READ = "practitioners:read"
    PRACTITIONERS_WRITE = "practitioners:write"
    PROGRESS_READ = "progress:read"
    SCREENINGS_READ = "screenings:read"
    SCREENINGS_WRITE = "screenings:write"
    SESSIONS_READ = "sessions:read"
    SESSIONS_SIGN = "sessions:sign"
    SESSIONS_WRITE = "sessions:write"
    THRESHOLDS_WRITE = "thresholds:write"
    VOCABULARIES_READ = "vocabularies:read"
    VOCABULARIES_WRITE = "vocabularies:write"


READS: Final = frozenset(scope for scope in Scope if scope.endswith(":read"))
CLINICAL_READS: Final = READS - {
    Scope.ACCOUNTS_READ,
    Scope.AUDIT_READ,
    Scope.CHANGES_READ,
    Scope.CLIENTS_READ,
    Scope.DEVICES_READ,
    Scope.EXPORTS_READ,
}
"""The reads that treatment needs, without those of the audit, the change feed, accounts, clients,
devices and exports."""


ROLES: Final[Mapping[str, frozenset[Scope]]] = {
    "owner": frozenset(Scope),
    "practitioner": CLINICAL_READS
    | {
        Scope.ADVERSE_EVENTS_WRITE,
        Scope.ALERTS_WRITE,
        Scope.ASKS_WRITE,
        Scope.CHART_SUMMARIES_WRITE,
        Scope.CONSENTS_WRITE,
        Scope.EPISODES_WRITE,
        Scope.FOLLOW_UPS_WRITE,
        Scope.MEASUREMENTS_WRITE,
        Scope.PATIENTS_WRITE,
        Scope.SCREENINGS_WRITE,
        Scope.SESSIONS_SIGN,
        Scope.SESSIONS_WRITE,
    },
    "front-desk": frozenset(
        {
            Scope.ALERTS_READ,
            Scope.ALERTS_WRITE,
            Scope.ASKS_READ,
            Scope.ASKS_WRITE,
            Scope.CLINIC_READ,
            Scope.FOLLOW_UPS_WRITE,  # who telephones hears a red flag, and must store it at once
            Scope.PATIENTS_READ,
            Scope.PATIENTS_WRITE,
            Scope.PRACTITIONERS_READ,
        }
    ),
    "integration": CLINICAL_READS
    | {
        Scope.CHANGES_READ,
        Scope.EPISODES_WRITE,
        Scope.EXPORTS_READ,
        Scope.PATIENTS_WRITE,
        Scope.PRACTITIONERS_WRITE,
    },
    "auditor": frozenset(
        {
            Scope.ACCOUNTS_READ,
            Scope.ASKS_READ,
            Scope.AUDIT_READ,
            Scope.CLIENTS_READ,
            Scope.CLINIC_READ,
            Scope.DEVICES_READ,
            Scope.PRACTITIONERS_READ,
        }
    ),
}
"""The scopes of each role, also of `integration`, which is for programs only.

`docs/operator.md` gives the reasons."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A client whose token was checked, and the clinic of the token."""

    clinic_id: UUID
    client_id: UUID | None
    """None for the command line, whose caller is anybody who may log in to the machine, and for
    the server itself."""
    actor: str
    scopes: frozenset[Scope]
    """Its own scopes, which it may give to other clients."""
    practitioner_id: UUID | None = None
    """The practitioner who acts; None for a program."""
    emergency_id: UUID | None = None
    """Its open emergency access, if any."""
    behind: UUID | None = None
    """The practitioner whose device, identity or account made the program, if there is one."""
    name: str = ""
    """What the clinic calls the client."""
    role: str | None = None
    """The role of a person's account; None for a program, a device or an identity."""

    @property
    def answering(self) -> UUID | None:
        """The practitioner who acts, or whose device made the program that acts."""
        return self.practitioner_id or self.behind

    def may(self, scope: Scope) -> bool:
        """Return whether it may do what needs this scope."""
        return scope in self.scopes or (self.emergency_id is not None and scope in CLINICAL_READS)


def server(clinic_id: UUID, part: str) -> Caller:
    """Return the caller for what a part of the server does by itself, such as the keeper."""
    return Caller(clinic_id, None, f"server:{part}", frozenset())


class Refused(NamedTuple):
    """A rejected token of a known client: expired, revoked or never valid."""

    caller: Caller
    reason: str
    again: bool = False
    """Whether a rejection of this client was recorded within the last minute. Anybody can send a
    token, so rejections must not fill the clinic's ledger."""


class Authenticate(Protocol):
    """Turns a bearer token into its caller; None if the token belongs to nobody."""

    async def __call__(self, token: str) -> Caller | Refused | None:
        """Check a token."""

    def forget(self, client_id: UUID) -> None:
        """Drop this client's cached callers: their rights have changed."""
