"""Retention: how long a clinic keeps records, and their lawful erasure.

Nouns: a *policy* (how many years, and the age of majority), a *legal hold* (keep this patient's
record even if the policy allows its erasure), an *erasure*. Invariant: nothing is erased before
its time or while it is on hold. The ledger records who erased what, and its tree doesn't change.
Stands on `patients`, `records` and `ledger`.
"""
