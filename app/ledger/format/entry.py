"""The bytes of a ledger entry: canonical JSON, digest of the body, leaf hash. Pure.

Imports only the standard library, so that an auditor's verifier can share it.
"""

import hashlib
import json
import re
from typing import Any

LEAF_PREFIX = b"\x00"
SALT_BYTES = 16
# Between these magnitudes Python and ECMAScript (ECMA-262 §6.1.6.1.20) format fractions alike:
# the shortest digits that parse back to the same value, without an exponent.
FRACTION_MIN, FRACTION_MAX = 1e-4, 1e16
# Larger integers are not exact in a reader that stores all numbers as doubles.
INTEGER_MAX = 2**53 - 1

# Numbers that the two may format differently: `7.0`, `1e-05`, or more than 15 digits.
DOUBTFUL = re.compile(r"[:,\[]-?\d+(?:\.0[,}\]]|(?:\.\d+)?e|\d{15})")
_write = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


def canonical(value: Any) -> bytes:
    """Canonical JSON (RFC 8785, JCS), for the values that our records hold. Keys must be ASCII.

    Raises `ValueError` for NaN, infinities, integers above 2**53 and fractions below 1e-4 or above
    1e16 in magnitude, because other programs may format these differently.
    """
    text = _write(value)
    if DOUBTFUL.search(text):
        text = _write(_numbers(value))
    return text.encode()


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, float) and not FRACTION_MIN <= abs(value) < FRACTION_MAX:
        raise ValueError("fraction outside the canonical range")
    if isinstance(value, int) and abs(value) > INTEGER_MAX:
        raise ValueError("integer outside the canonical range")
    return value


def body_digest(salt: bytes, body: bytes) -> bytes:
    """SHA-256 of salt and body. The entry keeps it after an erasure of the body."""
    return hashlib.sha256(salt + body).digest()


def leaf(public: bytes) -> bytes:
    """The Merkle leaf hash (RFC 9162 §2.1.1) of an entry's public part in canonical JSON."""
    return hashlib.sha256(LEAF_PREFIX + public).digest()
