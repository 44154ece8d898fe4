"""Devices: practitioners' tablets, each let in once by a code.

Nouns: a *device*, its *enrolment code* (good once, for ten minutes), its *refresh token*.
Invariant: only digests are stored; a device acts in the name of one practitioner, with no scope
that whoever made it doesn't hold; it has one good refresh token at a time, and one that was used
before ends it. Stands on `auth`, `ledger` and `records`.
"""
