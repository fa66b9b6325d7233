"""Re-billing over a snapshot: bills and their inputs from the engine, recomputed bills, causes."""
