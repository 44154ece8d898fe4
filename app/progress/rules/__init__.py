"""The statistics of a history as pure functions: facts in (`history`), document out (`document`).

`document` puts together what `visits`, `measures`, `soreness`, `muscles` and `flags` say;
`measures` and `soreness` stand on `trend`, which stands on `theil_sen` and `mann_kendall`, and
both of these on `ranking`. Only the standard library is used, so each number can be checked by
hand, and is: against `scipy` and against all permutations, in the tests.
"""
