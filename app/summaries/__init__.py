"""Chart summaries: a patient's chart as a tagged PDF, for release to somebody.

Nouns: a *summary* of a chart, its *recipient*, its *content* (all that is printed), the *press*
(the process that sets it). Invariant: nothing leaves without the patient's consent or a reason
that overrides it, nor before the ledger says to whom and why; and what can't be printed is
refused, never dropped. Stands on `progress`, `safety` and what they stand on.
"""
