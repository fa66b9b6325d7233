"""Administration: organisations, accounts and posts, each change with its line in the log."""
