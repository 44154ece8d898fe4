"""`/v1/accounts`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.accounts import queries, service
from app.accounts.errors import AccountRevoked
from app.accounts.schemas import (
    AccountBody,
    AccountPatch,
    AccountView,
    NewAccountView,
    RevokedAccountView,
    SignInsView,
)
from app.auth.schemas import WithDescendants
from app.core.http.answers import Answer, Page
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.pages import Filters
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound, VersionMissing, VersionStale
from app.credentials.errors import LastOwner
from app.records.errors import DiffersFromLedger

router = APIRouter(prefix="/v1/accounts", tags=["accounts"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.ACCOUNTS_READ))]
Writing = Annotated[Operation, Depends(Authorize(Scope.ACCOUNTS_WRITE))]
Inviting = Annotated[Operation, Depends(Authorize(Scope.ACCOUNTS_WRITE, secret=True))]


@router.get("", operation_id="accounts.list")
def accounts(op: Reading, filters: Annotated[Filters, Query()]) -> Page[AccountView]:
    """List the accounts of people, oldest first, including revoked ones.

    Who was invited and has not joined yet has no `joined_at`.
    """
    return Page(*queries.accounts(op, filters))


@router.get("/{id:uuid}", operation_id="accounts.read", responses=documented(NotFound))
def account(op: Reading, id: UUID) -> Answer[AccountView]:
    """Read an account.

    The answer contains neither its password nor its invitation.
    """
    view = queries.account(op, id)
    return Answer(view, version=view["version"])


@router.post("", status_code=201, operation_id="accounts.create")
def create(op: Inviting, body: AccountBody) -> Answer[NewAccountView]:
    """Create an account, and get the code that invites the person.

    The person enters the code on the page `/console/join`, and chooses a password there. The code
    works once, within seven days. Only this answer shows it, so the answer is not stored for a
    retry. An account can never do more than the client that made it, and stops working with it.
    """
    view = service.create(op, body)
    return Answer(view, 201, view["version"], f"{router.prefix}/{view['id']}")


@router.patch(
    "/{id:uuid}",
    operation_id="accounts.update",
    responses=documented(
        *(NotFound, VersionMissing, VersionStale, AccountRevoked, LastOwner, DiffersFromLedger)
    ),
)
def change(op: Writing, id: UUID, body: AccountPatch) -> Answer[AccountView]:
    """Change an account with a JSON Merge Patch, such as its role.

    A new role takes effect within five seconds. Another practitioner ends all sign-ins.
    """
    view = service.change(op, id, body.root)
    return Answer(view, version=view["version"])


@router.post(
    "/{id:uuid}/reset",
    operation_id="accounts.reset",
    responses=documented(NotFound, AccountRevoked, LastOwner, DiffersFromLedger),
)
def reset(op: Inviting, id: UUID) -> Answer[NewAccountView]:
    """Invite a person again, such as for a forgotten password or a lost second factor.

    The password, the second factor, every sign-in and an earlier invitation stop working at once.
    From now on the account ends with the client that invites the person here.
    """
    view = service.reset(op, id)
    return Answer(view, version=view["version"])


@router.post(
    "/{id:uuid}/revoke",
    operation_id="accounts.revoke",
    responses=documented(NotFound, LastOwner),
)
def revoke(
    op: Writing, id: UUID, *, descendants: WithDescendants = False
) -> Answer[RevokedAccountView]:
    """Revoke an account. Within five seconds, its sign-ins and invitation stop working.

    So do its descendants, which the answer lists. Another account may then have its name.
    """
    view = service.revoke(op, id, with_descendants=descendants)
    return Answer(view, version=view["version"])


@router.get("/{id:uuid}/sign-ins", operation_id="sign-ins.read", responses=documented(NotFound))
def sign_ins(op: Reading, id: UUID) -> Answer[SignInsView]:
    """List the browsers in which a person is signed in.

    The one that was used last comes first. A sign-in that has ended isn't listed.
    """
    return Answer(queries.sign_ins(op, id))


@router.post("/{id:uuid}/sign-ins/end", operation_id="sign-ins.end", responses=documented(NotFound))
def end_sign_ins(
    op: Writing,
    id: UUID,
    sign_in_id: Annotated[
        UUID | None, Query(description="Only this sign-in; without it, all of them.")
    ] = None,
) -> Answer[SignInsView]:
    """Sign a person out of one browser, or of every browser and program.

    Their password stays valid. The answer lists the sign-ins that are left.
    """
    if sign_in_id is None:
        service.end_sign_ins(op, id)
    else:
        service.end_sign_in(op, id, sign_in_id)
    return Answer(queries.sign_ins(op, id))
