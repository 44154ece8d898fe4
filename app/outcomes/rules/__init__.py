"""Counting as pure functions: courses of care in, groups with exact intervals (`exact`) out."""
