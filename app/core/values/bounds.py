"""Bounds: what a stranger or a client can hold of a server process, and for how long.

Every number stands here once. `docs/reliability.md` shows the table, and each bound has a test
that is marked with its name.
"""

from typing import Final, NamedTuple

KIB: Final = 1024
MIB: Final = 1024 * KIB

FIRST_BYTE_S: Final = 5.0
HEAD_S: Final = 5.0
HEAD_MAX_BYTES: Final = 64 * KIB
BODY_GRACE_S: Final = 5.0
BODY_LEAST_BYTES_PER_S: Final = 4_000
"""A slow mobile line, 32 kbit/s."""
BODY_SILENCE_S: Final = 10.0
ANSWER_SILENCE_S: Final = 30.0
ANSWER_LEAST_BYTES_PER_S: Final = 4_000
CONNECTIONS_MAX: Final = 1_000
DESCRIPTORS_WANTED: Final = 4_096
DESCRIPTORS_KEPT: Final = 200
"""For the database, files, and connections to other servers."""


class Bound(NamedTuple):
    """One bound: what is held, how much of it at most, and what happens beyond it."""

    name: str
    held: str
    limit: str
    beyond: str


BOUNDS: Final = (
    Bound(
        "first-byte",
        "A connection without a byte of a request",
        f"{FIRST_BYTE_S:g} s",
        "it is closed",
    ),
    Bound(
        "head",
        "The head of a request that isn't whole",
        f"{HEAD_S:g} s from its first byte",
        "408 `too-slow`, and the connection is closed",
    ),
    Bound("head-size", "The size of a head", f"{HEAD_MAX_BYTES // KIB} KiB", "431"),
    Bound(
        "body",
        "A body that isn't whole",
        f"{BODY_GRACE_S:g} s and 1 s for every {BODY_LEAST_BYTES_PER_S:,} bytes of it that have"
        f" arrived; {BODY_SILENCE_S:g} s without a byte",
        "408 `too-slow`, and the connection is closed",
    ),
    Bound(
        "answer",
        "An answer that the client doesn't read",
        f"{ANSWER_SILENCE_S:g} s without a byte read; in all {ANSWER_SILENCE_S:g} s and 1 s for"
        f" every {ANSWER_LEAST_BYTES_PER_S:,} bytes read",
        "the connection is closed",
    ),
    Bound(
        "connections",
        "Connections in all",
        f"{CONNECTIONS_MAX:,}, or fewer where the limit of descriptors leaves room for fewer",
        "the oldest without a whole head is closed; if there is none, the body that has been silent"
        " longest, then the answer that has waited longest. None is closed for its address alone,"
        " and trusted proxies keep theirs",
    ),
)
