"""Accounts: people who sign in as themselves, with a name and a password.

Nouns: an *account* (a client with a role, and for a practitioner the one who acts), an *invitation*
(a code that works once, within seven days), the *password* (only its Argon2id hash is stored), the
*second factor* (TOTP, off by default; each code works once), a *sign-in* (a browser that is signed
in). Invariant: a wrong password, a wrong name, a wrong code and a missing account get the same
answer after the same time. At most one thread computes a hash, and never the event loop's. Stands
on `auth`, `credentials`, `records` and `ledger`.
"""
