"""Safety: consent, screening, adverse events.

Nouns: a *consent* (what was disclosed, what was decided), a *screening* (contraindications
before one session: yes, no or unknown), an *adverse event* or *close call*.
Invariant: treatment consent and data-use consent are two records; an answer that nobody knows
is `unknown`, never `no`.
"""
