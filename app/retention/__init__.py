"""Retention: how long a clinic keeps what it recorded, and how it destroys it lawfully.

Nouns: a *policy* (how many years, and when a child is of age), a *legal hold* (keep this
patient's record whatever the policy says), an *erasure*. Invariant: nothing is destroyed before
its time or while it is held; the ledger says who destroyed what, and its tree stays as it was.
Stands on `patients`, `records` and `ledger`.
"""
