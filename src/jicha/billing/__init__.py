"""Re-billing: what a bill should have been, from readings, archive and policies, as plain data."""
