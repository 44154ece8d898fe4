"""Rules of patients: birth dates, names as they are compared, and what a search asks. Pure."""
