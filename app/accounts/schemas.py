"""Accounts on the wire."""

from datetime import datetime
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from app.accounts.rules import NAME_MAX, needs_practitioner, takes_practitioner
from app.auth.schemas import DESCENDANTS
from app.core.http.patches import MergePatch
from app.core.values.access import Role
from app.core.values.faults import RuleBroken
from app.core.values.wire import ONE_LINE, Body, Line, example
from app.credentials.views import AccountMembers, DescendantView

# What browsers accept in a field for an e-mail address (HTML Living Standard, §4.10.5.1.5).
EMAIL: Final = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
EMAIL_MAX: Final = 254
SignInName = Annotated[str, Field(min_length=1, max_length=NAME_MAX), ONE_LINE]
Email = Annotated[str, Field(max_length=EMAIL_MAX, pattern=EMAIL)]


class AccountBody(Body):
    """The account of a person."""

    model_config = example(name="Robin Example", sign_in_name="robin", role="front-desk")

    name: Line
    """The person's name, as others read it."""
    sign_in_name: Annotated[
        SignInName | None,
        Field(
            description="What the person types to sign in; null: the name. Case doesn't matter, and"
            " nobody else in the clinic has it."
        ),
    ] = None
    role: Role
    """What the person does in the clinic, which decides their rights."""
    practitioner_id: Annotated[
        UUID | None,
        Field(
            description="The practitioner that the person is. The role `practitioner` needs it, and"
            " an `owner` may have it."
        ),
    ] = None
    email: Annotated[
        Email | None, Field(description="Where messages about the account go; null: nowhere.")
    ] = None

    @model_validator(mode="after")
    def _has_its_practitioner(self) -> Self:
        if self.practitioner_id is None and needs_practitioner(self.role):
            raise RuleBroken("practitioner_missing", "Name the practitioner that the person is.")
        if self.practitioner_id is not None and not takes_practitioner(self.role):
            raise RuleBroken("practitioner_forbidden", "A person with this role treats nobody.")
        return self


class AccountPatch(MergePatch):
    """A JSON Merge Patch of an account."""

    of = AccountBody


class _Account(AccountMembers):
    second_factor: Annotated[
        bool, Field(description="Whether the person also needs a code of their second factor.")
    ]
    last_sign_in_at: Annotated[
        datetime | None, Field(description="When the person last signed in; null: never.")
    ]
    made_by: Annotated[
        UUID | None,
        Field(description="The client that last invited them, with which it ends; null: nobody."),
    ]


class AccountView(_Account, closed=True):
    """An account."""


class NewAccountView(_Account, closed=True):
    """An account with the code of its new invitation. The code is shown only here."""

    invitation_code: str
    """The code with which the person chooses a password. It works once, within seven days."""


class RevokedAccountView(_Account, closed=True):
    """An account that was revoked."""

    descendants: Annotated[list[DescendantView], Field(description=DESCENDANTS)]


class SignInView(TypedDict, closed=True):
    """A browser in which a person is signed in."""

    id: UUID
    account_id: UUID
    """Whose sign-in it is."""
    began_at: Annotated[datetime, Field(description="When the person signed in.")]
    used_at: Annotated[datetime, Field(description="When it was last used, accurate to a minute.")]


class SignInsView(TypedDict, closed=True):
    """The browsers in which a person is signed in."""

    items: list[SignInView]
    """The sign-ins, the one that was used last first."""
