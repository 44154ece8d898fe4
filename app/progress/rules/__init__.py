"""The statistics of a history as pure functions: facts in (`history`), document out (`document`).

`courses` divides the history into courses of care, and `events` gives each of them its adverse
events. `blocks` combines the results of `visits`, `measures`, `soreness`, `muscles` and `flags` for
each course and for all, and `document` puts them together.
`measures` and `soreness` use `trend`. `trend` uses `theil_sen` and `mann_kendall`, and both of
these use `ranking`. Only the standard library is used, so each number can be checked by hand.
The tests compare the numbers with `scipy` and with a count over all permutations.
"""
