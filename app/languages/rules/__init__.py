"""Rules of languages: which one a person gets, and how it writes days and numbers. Pure."""
