"""Who is calling, and with which scopes: the mechanism, not the issuing.

Nouns: a *client* (a program, a device, or a person who signs in), a *token* (what it sends), a
*refresh token* (what it gets the next one with), a `Caller` (what a checked token turns into).
Invariant: the token alone decides the clinic; no secret is stored, only its SHA-256, or a hash of
a password; whoever is revoked is refused within `CACHED_S` seconds, and emergency access ends as
fast; what others sign is believed only by a key of theirs that we know.
"""
