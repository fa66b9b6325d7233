"""How days and numbers are written: the same in both languages."""
