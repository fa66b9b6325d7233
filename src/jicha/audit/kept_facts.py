"""Facts kept beside the snapshot: built once for a snapshot, text and moment, read by every later run."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import duckdb

from jicha.audit.computed_facts import computed_rows
from jicha.audit.fact import Fact
from jicha.audit.library import Library
from jicha.audit.workspace import Moment, fact_sql
from jicha.mart import Mart, Snapshot
from jicha.mart.fact_store import FactStore, fact_key

Progress = Callable[[str, int, int], None]


def kept_fact_key(library: Library, snapshot: Snapshot, fact: Fact, moment: Moment) -> str:
    """Return the key of a fact: it covers the texts of all facts below this one, and the moment if any asks for it."""
    closure = library.facts_of([fact.name])
    when = repr(moment) if any(one.uses_month for one in closure) else ""
    return fact_key(snapshot, "|".join([*(one.sha256 for one in closure), when]))


def build_kept(
    connection: duckdb.DuckDBPyConnection,
    mart: Mart,
    snapshot: Snapshot,
    library: Library,
    moment: Moment,
    names: Iterable[str],
    progress: Progress,
) -> None:
    """Make the named facts and all below them readable over the connection, from their kept files or built now."""
    store = FactStore(mart)
    facts = library.facts_of(names)
    for number, fact in enumerate(facts, 1):
        progress(f"fact {fact.name}", number, len(facts))
        key = kept_fact_key(library, snapshot, fact, moment)
        keep_fact(store, key, connection, fact, moment, progress)
        store.create_view(connection, fact.name, key)


def keep_fact(
    store: FactStore,
    key: str,
    connection: duckdb.DuckDBPyConnection,
    fact: Fact,
    moment: Moment,
    progress: Progress,
) -> None:
    """Write a fact's rows under its key unless they are there."""
    if not store.exists(fact.name, key):
        with computed_rows(fact.name, fact.compute, connection, progress):
            store.write(fact.name, key, connection, fact_sql(fact, moment))
