"""Limits on guessing passwords: by address, and by account whatever the address.

A count by address limits who tries many accounts. A count by account limits who tries one account
from many addresses. Names are counted whether or not an account has them, so that a limit doesn't
show which names exist. Nobody is locked out for longer than `MINUTES`, and a browser in which the
person has signed in before has a count of its own, which strangers can't use up.
"""

import hashlib
from typing import Final, NamedTuple, cast

from fastapi import Request

from app.core.http.rates import Rates, client_address

FAILURES: Final = 10
"""How many wrong passwords an address may send in `MINUTES`."""
ACCOUNT_FAILURES: Final = 20
"""How many may be sent for one account in `MINUTES`, from all unknown browsers together."""
MINUTES: Final = 5


class Guess(NamedTuple):
    """One password that counts as wrong until `give_back`."""

    by_address: Rates
    by_account: Rates
    address: str
    account: str | None

    def give_back(self) -> None:
        """Take the counts back: the password was right."""
        self.by_address.give_back(self.address)
        if self.account is not None:
            self.by_account.give_back(self.account)


def take_guess(request: Request, *account: str) -> Guess:
    """Count a password that somebody sends. Raises `TooManyRequests`.

    `account` names it: the clinic, the folded name, and the browser if it is a known one. Without
    it, only the address counts, such as for a key.
    """
    # Only a digest, so that a long name takes no memory.
    key = hashlib.sha256("\n".join(account).encode()).hexdigest() if account else None
    guess = Guess(
        cast("Rates", request.app.state.password_rates),
        cast("Rates", request.app.state.account_rates),
        client_address(request),
        key,
    )
    guess.by_address.take(guess.address).apply(request)
    if key is not None:
        allowance = guess.by_account.take(key)
        if not allowance.granted:  # otherwise the headers would tell how often others have tried
            allowance.apply(request)
    return guess
