"""What all screens share: base page, routes with their right, words of numbers and days."""
