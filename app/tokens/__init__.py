"""Tokens: `/oauth/token`, where a client proves who it is and gets a token for a few minutes.

Nouns: an *assertion* (what a back end signs), an *access token*, a *grant* (a way to get one).
Invariant: only digests are stored; an assertion is good once; a token never allows more than its
client holds, and ends with it. Stands on `auth`, `devices` and `owners`.
"""
