"""Operation (运维): backup and restore of a home with its desk."""
