"""Signatures of sessions.

Nouns: a *signature*, and an *override*: a fault that the signer knows of and gives a reason for.
Invariant: a session is only signed if its own content and the patient's consents agree and no
answer of concern lacks a detail, or if the signer overrode what doesn't. This room stands on
sessions and safety, which don't know each other.
"""
