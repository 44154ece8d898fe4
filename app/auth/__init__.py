"""Who is calling, and with which scopes: the mechanism, not the issuing.

Nouns: a *client* (a program, a device, or a practitioner who signs in elsewhere), a *token* (what
it sends), a `Caller` (what a checked token turns into). Invariant: the token alone decides the
clinic; no secret is stored, only its SHA-256; whoever is revoked is refused within `CACHED_S`
seconds; what others sign is believed only by a key of theirs that we know.
"""
