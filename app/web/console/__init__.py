"""The console: what a practitioner sees of the clinic's patients, in any browser, without script.

Nouns: a *page*, a *chart* (a patient's progress as a page shows it), a browser that is *let in* and
*let out*. Invariant: a page shows what the API would give to the same client, and leaves the same
entries before it is answered; no name stands in an address; a page is kept nowhere, and loads
nothing from elsewhere. Stands on `auth`, `owners`, `patients`, `safety` and `progress`.
"""
