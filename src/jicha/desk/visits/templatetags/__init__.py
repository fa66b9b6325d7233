"""What the page of an order shows of its visits."""
