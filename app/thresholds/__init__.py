"""A clinic's own thresholds: which change it calls real, and which worthwhile.

Nouns: *thresholds*, of one instrument, in one body region or in any. Invariant: where a clinic has
thresholds that are in force, its verdicts use them instead of the published ones, and name the
record and its version. Of several that would do, the one that was made last counts.

It stands on `app.records` and `app.instruments`.
"""
