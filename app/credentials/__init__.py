"""Credentials in the ledger: what proves that a client is who it says, as digests.

Nouns: a *verifier* is what the database holds to check a secret, such as the digest of an API key.
Invariant: whoever stores or changes a verifier records it here, in the same transaction. So a key
that somebody puts into the database has no entry, and a swapped one differs from its entry. The
entries are security events, so the change feed doesn't show them. Stands on `auth` and `ledger`.
"""
