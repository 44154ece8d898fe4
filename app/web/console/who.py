"""Who is signed in: read once for each page, with the browser's token."""

from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

from fastapi import Request
from sqlalchemy import Connection, and_, bindparam

from app.auth.models import Client
from app.core.operation import rows
from app.core.values.access import ROLES, Caller, Scope
from app.core.values.names import full_name
from app.practitioners.models import Practitioner

SIGNED_IN: Final = "needlework.signed_in"
"""The key of the ASGI scope that holds who is signed in."""
OWN_RIGHTS: Final = "own rights"
"""What stands in place of a role for scopes that are no role's."""

_WHO: Final = (
    rows(
        Client,
        *(Client.id, Client.name, Client.kind),
        *(Practitioner.id.label("practitioner"), Practitioner.given_name, Practitioner.family_name),
    )
    .outerjoin(
        Practitioner,
        and_(
            Practitioner.clinic_id == Client.clinic_id,
            Practitioner.id == bindparam("practitioner_id"),
        ),
    )
    .where(Client.id == bindparam("client_id"))
)


class Place(NamedTuple):
    """A page, or pages of one sort, and the scopes that open it."""

    path: str
    """Below `/console`; empty for the start page."""
    label: str
    scopes: tuple[Scope, ...]
    is_about_access: bool = False
    is_of_one: bool = False
    """Whether each page is about one record, so that nobody can start there."""


PATIENT_LIST: Final = Place("", "Patients", (Scope.PATIENTS_READ,))
CHART: Final = Place(
    "/patients", "Chart", (Scope.PROGRESS_READ, Scope.PATIENTS_READ), is_of_one=True
)
DETAILS: Final = Place("/patients", "Details", (Scope.PATIENTS_READ,), is_of_one=True)
"""Who a patient is and how to reach them, without the clinical record."""
SESSION: Final = Place(
    "/sessions", "Session", (Scope.SESSIONS_READ, Scope.PATIENTS_READ), is_of_one=True
)
LOOKED: Final = Place(
    "/looked", "Who looked", (Scope.AUDIT_READ, Scope.PATIENTS_READ), is_of_one=True
)
"""Who read a patient's data."""
ALERTED: Final = Place("/alerts", "Alerts", (Scope.ALERTS_READ,))
FOLLOWED: Final = Place("/follow-ups", "Follow-ups", (Scope.ASKS_READ,))
PEOPLE: Final = Place("/people", "People", (Scope.ACCOUNTS_READ,), is_about_access=True)
PRACTITIONERS: Final = Place(
    "/practitioners",
    "Practitioners",
    (Scope.PRACTITIONERS_WRITE, Scope.PRACTITIONERS_READ),
    is_about_access=True,
)
DEVICES: Final = Place("/devices", "Devices", (Scope.DEVICES_READ,), is_about_access=True)
KEYS: Final = Place("/keys", "Keys", (Scope.CLIENTS_READ,), is_about_access=True)
SIGN_INS: Final = Place("/sign-ins", "Sign-ins", (Scope.ACCOUNTS_READ,), is_about_access=True)
EXPORTS: Final = Place("/exports", "Exports", (Scope.EXPORTS_READ,))
LOTS: Final = Place("/lots", "Needle lots", (Scope.NEEDLE_LOTS_READ, Scope.PATIENTS_READ))
"""Who got needles of a lot, for a recall."""
RELEASED: Final = Place(
    "/release", "Release", (Scope.CHART_SUMMARIES_WRITE, Scope.PATIENTS_READ), is_of_one=True
)
"""A patient's chart or a letter about it, as a PDF for a recipient."""
CLINIC: Final = Place("/clinic", "Clinic", (Scope.CLINIC_WRITE,), is_about_access=True)
PLACES: Final = (
    PATIENT_LIST,
    ALERTED,
    FOLLOWED,
    PEOPLE,
    PRACTITIONERS,
    DEVICES,
    KEYS,
    SIGN_INS,
    CLINIC,
    EXPORTS,
    LOTS,
    RELEASED,
    CHART,
    DETAILS,
    SESSION,
    LOOKED,
)
"""The pages that need a scope. A link to one is shown only to those who hold its scopes."""


class SignedIn(NamedTuple):
    """Who is signed in, as a page names them."""

    client_id: UUID
    name: str
    """The name of the account, or of the client: it stands on every page."""
    in_records: str
    """How a record names them: the practitioner's own name, if they are one."""
    role: str
    has_account: bool
    """Whether the console has a page of their own account."""
    scopes: frozenset[Scope]

    @property
    def places(self) -> list[Place]:
        """The pages about access that they may open."""
        return [place for place in PLACES if place.is_about_access and self._may_open(place)]

    def opens(self, label: str) -> bool:
        """Whether they may open the page with this label: the rule for every link."""
        return any(place.label == label and self._may_open(place) for place in PLACES)

    @property
    def start(self) -> str | None:
        """The path of the first page that they may open; None if there is none."""
        found = next((one for one in PLACES if not one.is_of_one and self._may_open(one)), None)
        own = "/account" if self.has_account else None
        return own if found is None else found.path

    def _may_open(self, place: Place) -> bool:
        return self.scopes.issuperset(place.scopes)


def signed_in(db: Connection, caller: Caller) -> SignedIn:
    """Who a caller is, in a transaction of their clinic."""
    found = db.execute(
        _WHO,
        {
            "clinic": caller.clinic_id,
            "client_id": caller.client_id,
            "practitioner_id": caller.practitioner_id,
        },
    ).one()
    name = in_records = found.name
    if found.practitioner is not None:
        in_records = full_name(found.given_name, found.family_name)
        if found.kind != "account":  # an account has a name of its own
            name = in_records
    role = caller.role or ("API key" if found.kind == "api_key" else role_of(caller.scopes))
    may = frozenset(filter(caller.may, Scope))
    return SignedIn(found.id, name, in_records, role, caller.role is not None, may)


def role_of(scopes: Iterable[str]) -> str:
    """The role that has exactly these scopes, or `OWN_RIGHTS`."""
    held = frozenset(scopes)
    return next((role for role, of_role in ROLES.items() if held == of_role), OWN_RIGHTS)


def who(request: Request) -> SignedIn | None:
    """Who is signed in at the browser that sent this request, as far as that is known yet."""
    found: SignedIn | None = request.scope.get(SIGNED_IN)
    return found
