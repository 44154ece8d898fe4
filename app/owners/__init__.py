"""The owner: who signs in with a password where SQLite serves a single clinic.

Nouns: the *owner* (a client with every scope, one in a database), the *password* (only its argon2id
hash is stored). Invariant: a wrong password, a wrong name and no account at all get the same answer
after the same time; one thread at most is at a hash, and never the event loop's; signing in ends
what was signed in before. Stands on `auth` and `ledger`.
"""
