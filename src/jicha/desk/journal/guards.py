"""Guards: triggers of the database that refuse every way round the log, whoever writes and by whatever statement.

They are taken away before the database is migrated and made again after it: SQLite builds a table anew for some changes of its
columns, and forgets the triggers of the old one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

# How the triggers of this and of older releases end; others on the same tables are none of ours.
_ENDINGS = ("_state_with_event", "_never_goes", "_never_changes", "_never_replaced", "_never_emptied")
_TRIGGER = re.compile(r"^CREATE TRIGGER (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Guard:
    """What is guarded of a model: its state (changed only with an event of the new version) or the whole row (written once)."""

    kind: str
    what: str

    def statements(self, vendor: str) -> list[str]:
        """Return the statements that make the triggers on a database."""
        meta: Any = apps.get_model(self.kind)._meta
        text = files("jicha.desk.journal").joinpath("sql", f"guard_{self.what}_{vendor}.sql")
        filled = text.read_text(encoding="utf-8").format(
            table=meta.db_table, kind=self.kind, key=meta.pk.column
        )
        return [statement.strip() for statement in filled.split("--;")]

    def names(self, vendor: str) -> set[str]:
        """Return the names of the triggers."""
        return set(_TRIGGER.findall("\n".join(self.statements(vendor))))

    @property
    def table(self) -> str:
        """The table that is guarded."""
        return str(apps.get_model(self.kind)._meta.db_table)


_GUARDS: dict[str, Guard] = {}


def guard_state(kind: str) -> None:
    """Let a model (`app.model`, with the columns id, state, version) change its state only together with its event."""
    _GUARDS[kind] = Guard(kind, "state")


def guard_row(kind: str) -> None:
    """Let the rows of a model be written once and never change."""
    _GUARDS[kind] = Guard(kind, "row")


def guards() -> tuple[Guard, ...]:
    """Return every guard that the rooms asked for."""
    return tuple(_GUARDS.values())


def missing_guards(using: str = "default") -> list[str]:
    """Return the triggers that should be there and are not."""
    connection = connections[using]
    told = ((guard, guard.names(connection.vendor)) for guard in guards())
    return sorted(name for guard, names in told for name in names - _present(connection, guard.table))


def _present(connection: BaseDatabaseWrapper, table: str) -> set[str]:
    query = files("jicha.desk.journal").joinpath("sql", f"triggers_{connection.vendor}.sql")
    with connection.cursor() as cursor:
        cursor.execute(query.read_text(encoding="utf-8"), [table])
        return {name for (name,) in cursor.fetchall()}


def take_down(using: str = "default", **_signal: Any) -> None:
    """Take every guard away, those of an older release too; called before a migration."""
    connection = connections[using]
    for guard in guards():
        for name in sorted(one for one in _present(connection, guard.table) if one.endswith(_ENDINGS)):
            on = f" ON {guard.table}" if connection.vendor == "postgresql" else ""
            _execute(connection, f"DROP TRIGGER {connection.ops.quote_name(name)}{on}")


def put_up(using: str = "default", **_signal: Any) -> None:
    """Make every guard whose table is there; called after a migration."""
    connection = connections[using]
    take_down(using)
    tables = set(connection.introspection.table_names())
    for guard in guards():
        if guard.table in tables:
            for statement in guard.statements(connection.vendor):
                _execute(connection, statement)


def _execute(connection: BaseDatabaseWrapper, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
