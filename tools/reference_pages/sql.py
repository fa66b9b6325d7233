"""jicha SQL: what a rule or fact may say."""

from __future__ import annotations

import inspect

from jicha.audit.allowed import ALLOWED_NODES, HINTS
from jicha.audit.dialect import BUILT_IN_PARAMETERS
from jicha.audit.functions import OWN_FUNCTIONS, add_months
from reference_pages.markdown import bullets, code, table

INTRO = """# jicha SQL

The subset of DuckDB SQL in which rules and facts are written. It gives the same rows on every engine and keeps money and energy
exact. `jicha rules lint` checks it on the parsed tree and names the line, the column and what to write instead.
[Why a subset](../explain/jicha-sql.md).

## In short

- One SELECT; `WITH` (not recursive); `INNER`, `LEFT`, `SEMI`, `ANTI`, `CROSS JOIN`; `EXISTS`, `IN`; `UNION ALL`.
- `GROUP BY`, `HAVING`, `FILTER`, `QUALIFY`; windows with `row_number rank dense_rank lag lead sum count min max first_value last_value`.
- `CASE`, `COALESCE`, `NULLIF`, `GREATEST`, `LEAST`, `ABS`; `sum count min max bool_or bool_and`, `count(DISTINCT …)`, `median` (without a window),
  `string_agg(… ORDER BY …)`.
- DECIMAL `+ - *`; `//` and `%` on integers only; `CAST` to the contract's types.
- `date_diff('day', a, b)`, `year`, `month`, `day`, `last_day`, `CAST(date_trunc('month', d) AS DATE)`, `CAST(d + n * INTERVAL 1 DAY AS DATE)`.
- `substr left right upper lower trim length replace lpad concat ||`, `LIKE`; `IS [NOT] DISTINCT FROM`.
- A product of two DECIMAL columns needs one side cast to `DECIMAL(38, scale)`: the engine does not widen and stops on overflow.
- Only tables and facts that the YAML declares under `needs`, `uses` or `facts`.
"""


def pages() -> dict[str, str]:
    """Return the page."""
    functions = {**OWN_FUNCTIONS, "add_months": add_months}
    rows = [
        (_signature(name, function), inspect.getdoc(function)) for name, function in sorted(functions.items())
    ]
    parts = [
        INTRO,
        "## Parameters that every rule has\n",
        bullets(f"`${name}`" for name in sorted(BUILT_IN_PARAMETERS)),
        "`$month` is the first day of the audited month, `$month_end` the first day of the next, `$as_of` the day as of which "
        "is judged (default `$month_end`).\n",
        "## Own functions\n",
        "The engine expands them into standard SQL, the same on every engine.\n",
        table(("Function", "Gives"), rows),
        "## Refused, and what to write instead\n",
        table(("Part", "Write"), ((f"`{node}`", hint) for node, hint in sorted(HINTS.items()))),
        "Everything that is not in the next list is refused too.\n",
        "## Allowed node classes of the parsed tree\n",
        code(sorted(ALLOWED_NODES)) + "\n",
    ]
    return {"jicha-sql.md": "\n".join(parts)}


def _signature(name: str, function: object) -> str:
    assert callable(function)
    return f"`{name}({', '.join(inspect.signature(function).parameters)})`"
