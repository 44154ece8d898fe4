"""Devices: practitioners' tablets, each enrolled once with a code.

Nouns: a *device*, its *enrolment code* (valid once, for ten minutes), its *refresh token*.
Invariant: only digests are stored. A device acts for one practitioner, and its scopes are some of
those of the caller who created it. It has one valid refresh token at a time, and using an old one
again revokes the device. Stands on `auth`, `ledger` and `records`.
"""
