"""Authentication: who is calling, and with which scopes. Credentials are issued elsewhere.

Nouns: a *client* (a program, a device, or a person who signs in), a *token* (what it sends), a
*refresh token* (what it exchanges for the next token), a `Caller` (the result of a check).
Invariant: the token alone decides the clinic. Only the SHA-256 of a secret, or the hash of a
password, is stored. A revoked client is refused within `CACHED_S` seconds, and emergency access
ends as fast. A signed token is accepted only if a known key of its issuer verifies it.
"""
