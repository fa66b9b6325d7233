"""The head of the chain, and the triggers that let nobody change an event."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from django.db import migrations


def begin_chain(apps: Any, _schema: Any) -> None:
    """Make the one row that every event locks."""
    apps.get_model("journal", "ChainHead").objects.create(pk=1)


def forbid(_apps: Any, schema: Any) -> None:
    """Make the triggers of the database in use."""
    name = f"only_append_{schema.connection.vendor}.sql"
    text = files("jicha.desk.journal").joinpath("sql", name).read_text(encoding="utf-8")
    for statement in text.split("--;"):
        schema.execute(statement.strip(), params=None)


class Migration(migrations.Migration):
    """Begins the chain."""

    dependencies = (("journal", "0001_initial"),)
    operations = (
        migrations.RunPython(begin_chain, migrations.RunPython.noop),
        migrations.RunPython(forbid, migrations.RunPython.noop),
    )
