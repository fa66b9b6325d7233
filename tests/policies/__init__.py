"""Tests of the policies and of what reads them."""
