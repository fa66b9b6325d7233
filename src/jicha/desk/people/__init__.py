"""People (人员): organisations, users, their posts and what these allow."""
