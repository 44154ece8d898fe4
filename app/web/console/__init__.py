"""The console: pages about the clinic's patients, for any browser, without scripts.

Nouns: a *page*, a *chart* (a patient's progress as a page shows it), a browser that *signs in* and
*signs out*.

Invariants: a page shows what the API would give to the same client, and leaves the same ledger
entries before it is sent. No URL has a name in it. Browsers don't cache pages. Pages load
nothing from other servers. Builds on `accounts`, `auth`, `patients`, `safety` and `progress`.
"""
