"""The SQLGlot node classes that jicha SQL consists of. A class that is not here is refused, new ones too."""

from __future__ import annotations

_STRUCTURE = """
Select Union With CTE From Table TableAlias Subquery Where Group Having Qualify Join Order Ordered Limit
Alias Column Identifier Star Literal Null Boolean Placeholder Paren Tuple Distinct
Exists In Between Case If Var DataType DataTypeParam Cast TryCast Interval Filter Window WindowSpec WithinGroup
"""
_OPERATORS = """
And Or Not EQ NEQ GT GTE LT LTE Is NullSafeEQ NullSafeNEQ Like Add Sub Mul Neg IntDiv Mod DPipe
"""
_AGGREGATES = """
Sum Count CountIf Min Max LogicalOr LogicalAnd GroupConcat Median
RowNumber Rank DenseRank Lag Lead FirstValue LastValue
"""
_SCALARS = """
Coalesce Nullif Greatest Least Abs Year Month Day LastDay DateDiff TimestampTrunc DateTrunc AddMonths
Hour Minute Substring Left Right Upper Lower Trim Length Replace Pad Concat StrPosition
TsOrDsToDate Date Extract Round StartsWith Anonymous
"""

ALLOWED_NODES = frozenset(" ".join((_STRUCTURE, _OPERATORS, _AGGREGATES, _SCALARS)).split())

HINTS = {
    "Div": "It turns DECIMAL into a float: write div_hu(a, b, places) or safe_div(a, b).",
    "Avg": "It turns DECIMAL into a float: write div_hu(sum(x), count(x), places).",
    "Mode": "Ties are not determined: use row_number() with a full order.",
    "AnyValue": "The value is not determined: use min() or max().",
    "First": "Not determined without an order: use min(), max() or row_number().",
    "CurrentDate": "Findings must not depend on the day of the run: use $as_of.",
    "CurrentTimestamp": "Findings must not depend on the moment of the run: use $as_of.",
    "Quantile": "Write pctl(x, share).",
    "Lambda": "Lists and lambdas are not portable: use rows.",
}
