"""Clients: issuing and revoking the credentials that `auth` checks.

Nouns: a *client*, its *API key*, a back end's *public keys*. Invariant: a key is shown once, when
it is made; nobody hands on a scope that he doesn't hold; issuing and revoking are ledger entries,
which never hold the secret. Stands on `auth` and `ledger`.
"""
