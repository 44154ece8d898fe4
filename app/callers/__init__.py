"""Callers: what a client can learn about its own token.

Nouns: a *caller* (a client whose token was checked, in its clinic). Invariant: a caller learns only
about itself, so this needs no scope. Stands on `clinics`, `credentials` and `muscles`.
"""
