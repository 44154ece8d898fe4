"""Clients: issue and revoke the credentials that `auth` checks.

Nouns: a *client*, its *API key*, a back end's *public keys*. Invariant: a key is shown once, when
it is issued. Nobody can give a scope that they don't hold. Issuing and revoking each leave a
ledger entry, which never holds the secret. Stands on `auth` and `ledger`.
"""
