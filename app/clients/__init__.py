"""Clients: issuing and revoking the credentials that `auth` checks.

Nouns: a *client*, its *API key*. Invariant: a key is shown once, when it is made; issuing and
revoking are ledger entries, which never hold the secret. Stands on `auth` and `ledger`.
"""
