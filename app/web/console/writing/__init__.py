"""Forms of the console that write records: patients, episodes, sessions, and what keeps them safe.

Nouns: a *field* is one member of a body, as a person fills it in; a *section* is a group of fields;
a *sheet* is the page with the form.

Invariants: a form calls the service of the API's own route, so it has no rule of its own. A refused
form comes back with everything that was typed, and with each fault at its field. Builds on `kept`.
"""
