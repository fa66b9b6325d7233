"""Settlements (结算) of single cases: back-billing, default usage, theft and late payment, as pure functions on Decimal and date."""
