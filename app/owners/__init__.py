"""The owner: the person who signs in with a password, where SQLite serves a single clinic.

Nouns: the *owner* (a client with every scope, one in a database), the *password* (only its Argon2id
hash is stored), the *second factor* (TOTP, off by default; each code works once). Invariant: a
wrong password, a wrong name, a wrong code and a missing account get the same answer after the same
time. At most one thread computes a hash, and never the event loop's. Signing in signs out what was
signed in before. Stands on `auth`, `credentials` and `ledger`.
"""
