"""Who is calling, and with which scopes: the mechanism, not the issuing.

Nouns: a *client* (a program with an API key), a *token* (what it sends), a `Caller` (what a
checked token turns into). Invariant: the token alone decides the clinic; no secret is stored,
only its SHA-256; a revoked key is refused within `CACHED_S` seconds.
"""
