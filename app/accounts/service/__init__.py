"""Create accounts, change them, invite people again, and end accounts and sign-ins."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Row, insert

from app.accounts.errors import AccountRevoked
from app.accounts.queries import (
    account_named,
    checks_of,
    digest_of_sign_in,
    locked,
    sign_in_id,
    sign_in_names,
    view,
)
from app.accounts.rules import INVITATION_LIFE, KEY_MAX, NAME_MAX, looks, name_key
from app.accounts.schemas import AccountBody, AccountView, NewAccountView, RevokedAccountView
from app.accounts.service.storage import changed, record
from app.auth.models import Account, Client
from app.auth.queries import makers
from app.auth.rules import INVITATION_CODE, Key, Untrusted, is_inactive, new_key
from app.auth.service import delete_tokens, sign_out_browser
from app.core.operation import Operation
from app.core.values.access import ROLES
from app.core.values.clock import clinic_day, uuid7
from app.core.values.faults import Fault
from app.core.values.problems import Conflict, Forbidden, Invalid, NotFound
from app.core.values.wire import merge_patch, read
from app.credentials import service as credentials
from app.credentials.queries import made_before
from app.credentials.service import check_credential, latest_expiry
from app.credentials.service.owning import keeping_an_owner
from app.ledger import service as ledger
from app.records import service as records
from app.records.registry import registry
from app.records.service import check_version

NOT_HELD: Final = "You don't hold every right of this role yourself."


def create(op: Operation, body: AccountBody, code: Key | None = None) -> NewAccountView:
    """Create an account and invite the person. Returns its view, with the invitation's code.

    With the `code` of an account that the caller made before, it is this account again. Raises
    `Conflict` if its invitation isn't open any more.

    Raises `Invalid` for a role with rights that the caller doesn't hold, a name that another
    account has, and an unknown or inactive practitioner. Raises `Conflict` if too many clients
    stand above the caller.
    """
    made = None if code is None else _made_with(op, code)
    if made is not None:
        return made
    latest_expiry(op)
    faults = list(_faults(op, body, None))
    if faults:
        raise Invalid(faults)
    code = code or new_key(uuid7(), INVITATION_CODE)
    add(
        op,
        body,
        code.client_id,
        invitation_digest=code.digest,
        invited_until=op.at + INVITATION_LIFE,
    )
    return {**view(locked(op, code.client_id)), "invitation_code": str(code)}


def _made_with(op: Operation, code: Key) -> NewAccountView | None:
    row = made_before(op, code)
    if row is None:
        return None
    if row.kind != "account" or not _is_open(op, code):
        raise Conflict("This invitation was made before, and isn't open any more.")
    return {**view(row), "invitation_code": str(code)}


def _is_open(op: Operation, code: Key) -> bool:
    """Whether a code is the one with which its account is invited."""
    digest = checks_of(op, code.client_id).invitation_digest
    return digest is not None and code.matches(digest)


def add(op: Operation, body: AccountBody, id: UUID, **more: Any) -> None:
    """Store a new account, with what checks who signs in, and record it."""
    client = {
        "clinic_id": op.clinic_id,
        "id": id,
        "kind": "account",
        "name": body.name,
        "scopes": [],
        "role": body.role,
        "created_at": op.at,
        "made_by": op.caller.client_id,
    }
    row = {
        "clinic_id": op.clinic_id,
        "client_id": id,
        "sign_in_name": _sign_in_name(body),
        "name_key": name_key(_sign_in_name(body)),
        "practitioner_id": body.practitioner_id,
        "email": body.email,
        "version": 1,
        **more,
    }
    op.db.execute(insert(Client), client)
    op.db.execute(insert(Account), row)
    record(op, id, "accounts.create")


def _sign_in_name(body: AccountBody) -> str:
    return body.name if body.sign_in_name is None else body.sign_in_name


def _faults(op: Operation, body: AccountBody, row: Row[Any] | None) -> Iterator[Fault]:
    """Yield the faults of a body of a new account, or of the one in this row."""
    if not ROLES[body.role] <= op.caller.scopes:
        yield Fault("/role", "not_held", NOT_HELD)
    key = name_key(_sign_in_name(body))
    if len(_sign_in_name(body)) > NAME_MAX or len(key) > KEY_MAX:
        detail = f"Give a name to sign in with of at most {NAME_MAX} characters."
        yield Fault("/sign_in_name", "string_too_long", detail)
    else:
        there = account_named(op.db, op.clinic_id, _sign_in_name(body))
        if there is not None and (row is None or there.id != row.id):
            yield Fault("/sign_in_name", "name_taken", "Another account has this name.")
        elif (alike := _alike(op, _sign_in_name(body), row)) is not None:
            detail = f"This looks like {alike}, with which somebody else signs in."
            yield Fault("/sign_in_name", "name_alike", detail)
    is_new = row is None or row.practitioner_id != body.practitioner_id
    if body.practitioner_id is not None and is_new:
        yield from _faults_of_practitioner(op, body.practitioner_id)


def _alike(op: Operation, name: str, row: Row[Any] | None) -> str | None:
    """Another account's name that looks like this one; None if there is none.

    An account that has its name already keeps it.
    """
    if row is not None and name_key(name) == name_key(row.sign_in_name):
        return None
    others = {id: other for id, other in sign_in_names(op).items() if row is None or id != row.id}
    return next((other for other in others.values() if looks(name) & looks(other)), None)


def _faults_of_practitioner(op: Operation, id: UUID) -> Iterator[Fault]:
    try:
        found = records.lock_record(op, registry["practitioners"], id)
    except NotFound:
        missing = "No such record in this clinic."
        yield Fault("/practitioner_id", "unknown_reference", missing)
        return
    if is_inactive(found["status"], found["inactive_from"], clinic_day(op.at, op.zone)):
        gone = "This practitioner is inactive."
        yield Fault("/practitioner_id", "practitioner_inactive", gone)


def change(op: Operation, id: UUID, changes: dict[str, Any]) -> AccountView:
    """Change an account with a merge patch. Another practitioner ends its sign-ins.

    Raises `NotFound`, `AccountRevoked`, `Forbidden` if the caller lacks rights of its role,
    `VersionMissing`, `VersionStale`, `Invalid`, and `LastOwner` for the role of the last owner.
    """
    row = _changeable(op, id)
    check_version(op, row.version)
    content = {name: view(row)[name] for name in AccountBody.model_fields}  # type: ignore[literal-required]
    unknown = dict.fromkeys(changes.keys() - content.keys())
    # Merge patch drops a null for an unknown field. Keep it, so that validation refuses it.
    body = read(AccountBody, to_json(merge_patch(content, changes) | unknown))
    if body.model_dump() == content:
        return view(row)
    faults = list(_faults(op, body, row))
    if faults:
        raise Invalid(faults)
    if body.practitioner_id != row.practitioner_id:
        delete_tokens(op, id)
    members = {
        "sign_in_name": _sign_in_name(body),
        "name_key": name_key(_sign_in_name(body)),
        "practitioner_id": body.practitioner_id,
        "email": body.email,
    }
    with keeping_an_owner(op):
        changed(op, id, client={"name": body.name, "role": body.role}, **members)
    record(op, id, "accounts.update")
    return view(locked(op, id))


def reset(op: Operation, id: UUID, secret: str | None = None) -> NewAccountView:
    """Invite a person again, such as for a forgotten password. Ends the password and all sign-ins.

    `secret` is the random part of the new code. With that of the present code, nothing changes.

    Who invites the person last vouches for them: the account ends with that client. Raises
    `NotFound`, `AccountRevoked`, `LastOwner`, and `Forbidden` if the caller lacks rights of its
    role.
    """
    row = _changeable(op, id)
    code = Key(id, secret or new_key(id).secret, INVITATION_CODE)
    if _is_open(op, code):
        return {**view(row), "invitation_code": str(code)}
    delete_tokens(op, id)
    with keeping_an_owner(op):
        changed(
            *(op, id),
            client={"made_by": _maker(op, row)},
            password_hash=None,
            totp_secret=None,
            totp_step=None,
            invitation_digest=code.digest,
            invited_until=op.at + INVITATION_LIFE,
        )
    record(op, id, "accounts.reset")
    return {**view(locked(op, id)), "invitation_code": str(code)}


def _maker(op: Operation, row: Row[Any]) -> UUID | None:
    """The caller's client; the former maker where the caller itself stands below the account."""
    caller = op.caller.client_id
    if caller is None:
        return None
    above = {maker.id for maker in makers(op.db, op.clinic_id, caller)}
    kept: UUID | None = row.made_by
    return kept if row.id in above else caller


def revoke(op: Operation, id: UUID, *, with_descendants: bool = False) -> RevokedAccountView:
    """Revoke an account and end its sign-ins. Idempotent.

    Raises `NotFound`, `Forbidden` if the caller lacks rights of its role, and `LastOwner`.
    """
    row = locked(op, id)
    _require_rights(op, row)
    if row.revoked_at is None:
        delete_tokens(op, id)
    revoked = credentials.revoke(op, id, ("account",), with_descendants=with_descendants)
    return {**view(locked(op, id)), "descendants": list(revoked.descendants)}


def end_sign_in(op: Operation, account_id: UUID, id: UUID) -> None:
    """Sign a person out of one browser; `NotFound` if there is no such account or sign-in.

    Raises `Forbidden` as `end_sign_ins` does.
    """
    check_may_sign_out(op, account_id)
    digest = digest_of_sign_in(op, account_id, id)
    if digest is None:
        raise NotFound
    sign_out_browser(op, account_id, digest)
    ledger.record_sign_in(op, account_id)


def end_sign_ins(op: Operation, account_id: UUID) -> None:
    """Sign a person out everywhere, also of programs; `NotFound` if there is no such account.

    Raises `Forbidden` if it is somebody else's and the caller lacks rights of its role.
    """
    check_may_sign_out(op, account_id)
    delete_tokens(op, account_id)
    ledger.record_sign_in(op, account_id)


def end_other_sign_ins(op: Operation, account_id: UUID, digest: bytes) -> None:
    """Sign a person out everywhere, at the wish of a browser: its token has this digest.

    Raises `Untrusted` if that browser was signed out meanwhile. Otherwise the token that it gets
    next would outlast a reset of the account.
    """
    locked(op, account_id)
    if digest_of_sign_in(op, account_id, sign_in_id(digest)) is None:
        raise Untrusted("signed out meanwhile")
    end_sign_ins(op, account_id)


def check_may_sign_out(op: Operation, account_id: UUID) -> None:
    """Lock an account, to sign it out: the caller's own, or one whose rights they hold.

    Otherwise raises `Forbidden`. Raises `NotFound` if this clinic has no account with this id.
    """
    row = locked(op, account_id)
    if account_id != op.caller.client_id:
        _require_rights(op, row)


def _changeable(op: Operation, id: UUID) -> Row[Any]:
    row = locked(op, id)
    _require_rights(op, row)
    if row.revoked_at is not None:
        raise AccountRevoked
    check_credential(op, row)
    return row


def _require_rights(op: Operation, row: Row[Any]) -> None:
    """Require the rights of the account's role: who changes an account can act through it."""
    if not ROLES[row.role] <= op.caller.scopes:
        raise Forbidden(NOT_HELD)
