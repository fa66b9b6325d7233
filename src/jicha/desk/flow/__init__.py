"""Flow (流程): a table of moves, and the one way to make a move."""
