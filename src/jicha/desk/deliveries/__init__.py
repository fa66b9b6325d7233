"""Deliveries: how the findings of a run come to the desk."""
