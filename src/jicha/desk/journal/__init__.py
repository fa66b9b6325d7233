"""The journal (日志): every change of state as a chain of hashes, with checkpoints outside the database."""
