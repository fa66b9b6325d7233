"""Clues (线索): findings of one place, gathered for a decision."""
