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
BACKLOG_MAX: Final = 4_096
"""Connections that wait to be accepted. The system drops what comes while they are so many, and a
client tries again only after a second."""
DESCRIPTORS_WANTED: Final = 8_192
DESCRIPTORS_KEPT: Final = 200
"""For the database, files, and connections to other servers."""

REQUESTS_WAITING_MAX: Final = 500
PLACE_WAIT_S: Final = 2.0
PLACE_WAITING_MAX: Final = 20
PLACE_WAITING_OF_CLINIC: Final = 5
UPLOADS: Final = 6
UPLOADS_OF_CLINIC: Final = 3
UPLOAD_GRACE_S: Final = 30.0
UPLOAD_LEAST_BYTES_PER_S: Final = 32_000
"""A slow line, 256 kbit/s. An upload holds a place, of which there are few."""
IMPORTS: Final = 2
IMPORTS_OF_CLINIC: Final = 1
DOWNLOADS: Final = 6
DOWNLOADS_OF_CLINIC: Final = 3
DOWNLOADS_BEGINNING: Final = 4
DOWNLOAD_LEAST_BYTES_PER_S: Final = 10_000

IMPORT_FAULTS_LISTED: Final = 1_000
IMPORT_LINES_MAX: Final = 2_000_000
"""Lines of 134 bytes each fill the largest file. A record with two ids is longer."""
IMPORT_UNREADABLE_MAX: Final = 10_000
BODY_FAULTS_LISTED: Final = 100


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
    Bound(
        "waiting",
        "Requests that wait for one of the threads",
        f"{REQUESTS_WAITING_MAX}",
        "503, at once",
    ),
    Bound(
        "uploads",
        "Unfinished uploads, each with its import",
        f"{UPLOADS}, of one clinic {UPLOADS_OF_CLINIC}; {IMPORTS} are imported at a time, of one"
        f" clinic {IMPORTS_OF_CLINIC}",
        f"503 after {PLACE_WAIT_S:g} s, before the body is read",
    ),
    Bound(
        "upload-rate",
        "An upload that isn't whole",
        f"{UPLOAD_GRACE_S:g} s and 1 s for every {UPLOAD_LEAST_BYTES_PER_S:,} bytes of it that have"
        f" arrived; {BODY_SILENCE_S:g} s without a byte",
        "408 `too-slow`, and its place is free",
    ),
    Bound(
        "downloads",
        "Downloads that are made while they are sent: exports and the ledger",
        f"{DOWNLOADS}, of one clinic {DOWNLOADS_OF_CLINIC}",
        f"503 after {PLACE_WAIT_S:g} s",
    ),
    Bound(
        "download-rate",
        "Such a download that the client doesn't read",
        f"{ANSWER_SILENCE_S:g} s without a byte read; in all {ANSWER_SILENCE_S:g} s and 1 s for"
        f" every {DOWNLOAD_LEAST_BYTES_PER_S:,} bytes read",
        "the connection is closed, and its place is free",
    ),
    Bound(
        "import-lines",
        "Lines of one import",
        f"{IMPORT_LINES_MAX:,}; {IMPORT_UNREADABLE_MAX:,} that are no rows at all",
        "the rest isn't read, and `stopped_after` says from where",
    ),
    Bound(
        "import-faults",
        "Faults listed of one import",
        f"the first {IMPORT_FAULTS_LISTED:,}",
        "`rejected` counts all rejected rows, and `more_errors` is true",
    ),
    Bound(
        "body-faults",
        "Faults listed of one body",
        f"the first {BODY_FAULTS_LISTED}",
        "`more_errors` is true",
    ),
)
