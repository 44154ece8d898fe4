"""Tokens: `/oauth/token`, where a client proves who it is and gets a token for a few minutes.

Nouns: an *assertion* (what a back end signs), an *access token*, a *grant* (a way to get one).
Invariant: only digests are stored. An assertion is valid once. A token has no scope that its
client doesn't hold, and ends with the client. Stands on `accounts`, `auth` and `devices`.
"""
