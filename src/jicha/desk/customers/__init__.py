"""Customers: everything that the data and the desk know of one."""
