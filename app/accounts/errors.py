"""Problems of accounts."""

from app.core.values.problems import Conflict


class AccountRevoked(Conflict):
    """This account was revoked. Create another one for the person."""

    code, title = "account-revoked", "Account was revoked"
