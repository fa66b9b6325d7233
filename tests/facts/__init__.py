"""Facts that several rules share, built from a few rows."""
