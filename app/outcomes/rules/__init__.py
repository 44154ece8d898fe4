"""Pure rules: courses of care in, groups (`groups`) with exact intervals (`exact`) out."""
