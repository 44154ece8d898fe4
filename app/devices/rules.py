"""Which refresh token is good (RFC 9700 §4.14). Pure.

A device has one good refresh token at a time; using it makes the next. If the answer with the next
one is lost, the device can only come again with the one it used. The next one isn't known to us
(only its digest is), so it can't be given out twice. For ten seconds, then, the used token makes
another next one, and the one that may be lost counts as used. Whoever comes with that one later,
or with a used token later, has a token that somebody else has used: one of the two has stolen it.
So a thief who is quick enough to use the ten seconds is found out once the device comes again.
"""

from datetime import datetime, timedelta
from typing import Final, Literal

LIFE: Final = timedelta(days=30)
GRACE: Final = timedelta(seconds=10)

Verdict = Literal["good", "again", "expired", "stolen"]


def judge(
    at: datetime, expires_at: datetime, used_at: datetime | None, last_used_at: datetime | None
) -> Verdict:
    """What a refresh token is worth that is presented at `at`.

    `last_used_at` is when any of the device's tokens was used last: if that is later than this
    one, the device has had its answer.
    """
    if used_at is not None:
        lost = last_used_at is None or last_used_at <= used_at
        return "again" if lost and at - used_at <= GRACE else "stolen"
    return "good" if at < expires_at else "expired"
