"""Alerts: what a person must look at now.

Nouns: an *alert* says that something needs a person at once, and why. Its *source* is the record
that raised it. Somebody *acknowledges* it: they say what they did. A *note* adds to it.

Invariants: only the server raises alerts, in the transaction of their cause. A source has at most
one open alert; more reasons join it. Raising an alert changes no other record. Whoever raises one
is above this package, and calls `service.raise_alerts`. It uses `app.records`.
"""
