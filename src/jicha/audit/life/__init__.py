"""The life of a rule after it was written: what became of its findings, how it would have done, how it differs from another version."""
