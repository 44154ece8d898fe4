"""Limits on guessing passwords: by address, and by account whatever the address.

A count by address limits who tries many accounts. A count by account limits who tries one account
from many addresses. Names are counted whether or not an account has them, so that a limit doesn't
show which names exist. Nobody is locked out for longer than `MINUTES`, and a browser in which the
person has signed in before has a count of its own, which strangers can't use up.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, cast

from fastapi import Request

from app.core.http.rates import Rates, client_address

FAILURES: Final = 10
"""How many wrong passwords an address may send in `MINUTES`."""
ACCOUNT_FAILURES: Final = 20
"""How many may be sent for one account in `MINUTES`, from all unknown browsers together."""
MINUTES: Final = 5
WAITING_MAX: Final = 20
"""How many may wait for the result of others, by address or account."""
LOOK_AGAIN_S: Final = 0.02
_GUESSES: Final = "needlework.guesses"
"""The key of the ASGI scope that holds the guesses of a request."""


@dataclass(slots=True)
class Guess:
    """One password. It counts as wrong unless it is given back."""

    counts: tuple[tuple[Rates, str], ...]
    is_settled: bool = False

    def give_back(self) -> None:
        """Take the counts back: the password was right."""
        if not self.is_settled:
            for rates, key in self.counts:
                rates.give_back(key)
        self.settle()

    def settle(self) -> None:
        """Let the counts stand: the password was wrong."""
        if not self.is_settled:
            self.is_settled = True
            for rates, key in self.counts:
                rates.under_way[key] -= 1


@asynccontextmanager
async def guessing(request: Request) -> AsyncIterator[None]:
    """Settle, at the end, the guesses that were taken for a request inside and not given back."""
    guesses = request.scope[_GUESSES] = []
    try:
        yield
    finally:
        for guess in guesses:
            guess.settle()


async def take_guess(request: Request, *account: str) -> Guess:
    """Count a password that somebody sends, inside `guessing`. Raises `TooManyRequests`.

    `account` names it: the clinic, the folded name, and the browser if it is a known one. Without
    it, only the address counts, such as for a key.

    Passwords that are checked at the same time count as wrong ones, so that nobody can try more
    than the limit at once. If only they use up the limit, this waits until one of them turns out.
    """
    by_address = cast("Rates", request.app.state.password_rates)
    by_account = cast("Rates", request.app.state.account_rates)
    counts = [(by_address, client_address(request))]
    if account:
        # Only a digest, so that a long name takes no memory.
        key = hashlib.sha256("\n".join(account).encode()).hexdigest()
        counts.append((by_account, key))
    await _turn(counts)
    return _taken(request, counts)


async def _turn(counts: Sequence[tuple[Rates, str]]) -> None:
    """Wait while guesses that are under way use up a limit, if not too many wait already."""
    if any(rates.waiting[key] >= WAITING_MAX for rates, key in counts):
        return
    for rates, key in counts:
        rates.waiting[key] += 1
    try:
        while _are_used_up(counts):  # noqa: ASYNC110 - see below
            await asyncio.sleep(LOOK_AGAIN_S)  # an event would belong to one event loop
    finally:
        for rates, key in counts:
            rates.waiting[key] -= 1


def _are_used_up(counts: Sequence[tuple[Rates, str]]) -> bool:
    return any(rates.under_way[key] and not rates.has_left(key) for rates, key in counts)


def _taken(request: Request, counts: Sequence[tuple[Rates, str]]) -> Guess:
    guess = Guess(tuple(counts))
    for rates, key in counts:
        rates.under_way[key] += 1
    request.scope[_GUESSES].append(guess)
    for number, (rates, key) in enumerate(counts):
        allowance = rates.take(key)
        # The headers must not tell how often others have tried an account.
        if number == 0 or not allowance.granted:
            allowance.apply(request)
    return guess
