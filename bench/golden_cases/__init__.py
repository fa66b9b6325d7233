"""Adapters of the worked problems: each translates a topic's inputs into calls of the product and its answers back."""
