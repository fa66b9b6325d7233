"""Settlements (追补与结算): from the facts of a case to money that is agreed, paid and closed."""
