"""Pure rules of summaries: whether one may be released, and what it says."""
