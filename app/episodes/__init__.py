"""Episodes of care: one complaint, from the first visit to the last.

Nouns: an *episode*, its *diagnoses*, *goals* and *plan*, the *medical screen* that came first.
Invariant: an episode has a time of closing if and only if it is finished.
"""
