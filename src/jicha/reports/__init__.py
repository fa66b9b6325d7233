"""What people read of a run: tables, files, one page."""
