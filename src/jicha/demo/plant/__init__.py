"""Planted irregularities and their benign look-alikes, one module a topic."""
