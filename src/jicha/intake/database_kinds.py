"""How PostgreSQL, MySQL or MariaDB, and Oracle are asked for exact texts as of one moment."""

from __future__ import annotations

import hashlib
import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from jicha.errors import ExplainedError
from jicha.intake.columns import ColumnReader, text_table
from jicha.intake.engine import open_engine
from jicha.intake.headers import match_header
from jicha.intake.queries import named_queries, quoted
from jicha.intake.staging import StagedUnit, write_part
from jicha.intake.text_files import Settings, note_columns, read_text_stream

_BATCH_ROWS: Final = 20_000
_EXTRAS: Final = {"psycopg": "postgres", "pymysql": "mysql", "oracledb": "oracle"}


@dataclass(frozen=True, slots=True)
class DatabaseTable:
    """A table of a database: where it is, and its columns with their types in order."""

    schema: str
    name: str
    columns: Mapping[str, str]


class Database(ABC):
    """One kind of database; a connection is a snapshot, so all tables are read as of one moment."""

    def __init__(self, url: str) -> None:
        self.parts = urlsplit(url)
        self.sql = named_queries("databases.sql")

    @property
    def place(self) -> str:
        """Return the URL without user and password, to be kept and shown."""
        host = self.parts.hostname or "localhost"
        port = f":{self.parts.port}" if self.parts.port else ""
        return f"{self.parts.scheme.partition('+')[0]}://{host}{port}{self.parts.path}"

    @abstractmethod
    def connect(self) -> AbstractContextManager[Any]:
        """Open a connection that reads one snapshot."""

    @abstractmethod
    def rows_of_catalogue(self, connection: Any) -> Iterable[Sequence[Any]]:
        """Return (schema, table, column, type) of everything that can be read."""

    @abstractmethod
    def read(
        self,
        connection: Any,
        table: DatabaseTable,
        columns: Sequence[str],
        unit: StagedUnit,
        settings: Settings,
    ) -> None:
        """Read some columns of a table into staged parts."""

    def tables(self, connection: Any) -> list[DatabaseTable]:
        """Return all tables, those of the user's own schema first."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        for schema, table, column, kind in self.rows_of_catalogue(connection):
            found.setdefault((schema, table), {})[column] = str(kind).lower()
        return [DatabaseTable(schema, name, columns) for (schema, name), columns in found.items()]


class PostgreSQL(Database):
    """PostgreSQL: COPY sends CSV, which goes through the reader of text files."""

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """Open a connection that reads one snapshot."""
        psycopg = _driver("psycopg", self.place)
        url = self.parts._replace(scheme="postgresql").geturl()
        with (
            _explained(self.place, psycopg.Error),
            psycopg.connect(url, options="-c datestyle=ISO,YMD") as connection,
        ):
            connection.execute(self.sql["postgresql_snapshot"])
            yield connection

    def rows_of_catalogue(self, connection: Any) -> Iterable[Sequence[Any]]:
        """Return (schema, table, column, type) of everything that can be read."""
        rows: list[Sequence[Any]] = connection.execute(self.sql["postgresql_columns"]).fetchall()
        return rows

    def read(
        self,
        connection: Any,
        table: DatabaseTable,
        columns: Sequence[str],
        unit: StagedUnit,
        settings: Settings,
    ) -> None:
        """Read some columns of a table into staged parts."""
        listed = ", ".join(self._column(name, table.columns[name]) for name in columns)
        statement = self.sql["postgresql_copy"].format(
            columns=listed, schema=quoted(table.schema), table=quoted(table.name)
        )
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            read_text_stream(_in_blocks(copy), unit, settings)

    def _column(self, name: str, kind: str) -> str:
        form = "postgresql_column_civil" if kind == "timestamp with time zone" else "postgresql_column"
        return self.sql[form].format(name=quoted(name))


class _Rows(Database):
    """Databases that send rows: every column as text, made by the database itself, so no number passes a float."""

    def read(
        self,
        connection: Any,
        table: DatabaseTable,
        columns: Sequence[str],
        unit: StagedUnit,
        settings: Settings,
    ) -> None:
        """Read some columns of a table into staged parts."""
        match = match_header(unit.table, columns, unit.place)
        note_columns(unit, match)
        names, places = list(match.positions), list(match.positions.values())
        digest = hashlib.sha256("\x1f".join(columns).encode())
        with open_engine(settings.memory_limit) as engine:
            reader = ColumnReader(engine, unit.table, unit.place)
            for rows in self.batches(connection, self.statement(table, columns)):
                texts = [[as_text(row[place]) for row in rows] for place in places]
                digest.update(repr(texts).encode())
                first = unit.rows_read + 1
                part = text_table(dict(zip(names, texts, strict=True)), list(range(first, first + len(rows))))
                unit.take(write_part(settings.folder, unit, reader.read(part)))
                settings.progress(f"read {unit.place}", unit.rows_read, 0)
        unit.sha256 = digest.hexdigest()

    @abstractmethod
    def statement(self, table: DatabaseTable, columns: Sequence[str]) -> str:
        """Return the SELECT that gives the columns as texts."""

    @abstractmethod
    def batches(self, connection: Any, statement: str) -> Iterator[Sequence[Sequence[Any]]]:
        """Yield the rows in bounded batches."""


class MySQL(_Rows):
    """MySQL and MariaDB."""

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """Open a connection that reads one snapshot."""
        pymysql = _driver("pymysql", self.place)
        with _explained(self.place, pymysql.Error):
            connection = pymysql.connect(
                host=self.parts.hostname or "localhost",
                port=self.parts.port or 3306,
                user=unquote(self.parts.username or ""),
                password=unquote(self.parts.password or ""),
                database=self.parts.path.strip("/"),
                unix_socket=parse_qs(self.parts.query).get("unix_socket", [None])[0],
                charset="utf8mb4",
            )
            try:
                with connection.cursor() as cursor:
                    cursor.execute(self.sql["mysql_snapshot"])
                yield connection
            finally:
                connection.close()

    def rows_of_catalogue(self, connection: Any) -> Iterable[Sequence[Any]]:
        """Return (schema, table, column, type) of everything that can be read."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql["mysql_columns"])
            rows: list[Sequence[Any]] = cursor.fetchall()
        return rows

    def statement(self, table: DatabaseTable, columns: Sequence[str]) -> str:
        """Return the SELECT that gives the columns as texts."""
        listed = ", ".join(self._column(name, table.columns[name]) for name in columns)
        return self.sql["mysql_select"].format(
            columns=listed, schema=_backticked(table.schema), table=_backticked(table.name)
        )

    def _column(self, name: str, kind: str) -> str:
        form = "mysql_column_bit" if kind == "bit" else "mysql_column"
        return self.sql[form].format(name=_backticked(name))

    def batches(self, connection: Any, statement: str) -> Iterator[Sequence[Sequence[Any]]]:
        """Yield the rows in bounded batches, as the server sends them."""
        cursors = importlib.import_module("pymysql.cursors")
        with connection.cursor(cursors.SSCursor) as cursor:
            cursor.execute(statement)
            yield from _fetched(cursor)


class Oracle(_Rows):
    """Oracle by the thin driver, which needs no client."""

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """Open a connection that reads one snapshot."""
        oracledb = _driver("oracledb", self.place)
        with _explained(self.place, oracledb.Error):
            connection = oracledb.connect(
                user=unquote(self.parts.username or ""),
                password=unquote(self.parts.password or ""),
                host=self.parts.hostname or "localhost",
                port=self.parts.port or 1521,
                service_name=self.parts.path.strip("/"),
            )
            try:
                with connection.cursor() as cursor:
                    cursor.execute(self.sql["oracle_snapshot"])
                yield connection
            finally:
                connection.close()

    def rows_of_catalogue(self, connection: Any) -> Iterable[Sequence[Any]]:
        """Return (schema, table, column, type) of everything that can be read."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql["oracle_columns"])
            rows: list[Sequence[Any]] = cursor.fetchall()
        return rows

    def statement(self, table: DatabaseTable, columns: Sequence[str]) -> str:
        """Return the SELECT that gives the columns as texts."""
        listed = ", ".join(self._column(name, table.columns[name]) for name in columns)
        return self.sql["oracle_select"].format(
            columns=listed, schema=quoted(table.schema), table=quoted(table.name)
        )

    def _column(self, name: str, kind: str) -> str:
        return self.sql[_oracle_form(kind)].format(name=quoted(name))

    def batches(self, connection: Any, statement: str) -> Iterator[Sequence[Sequence[Any]]]:
        """Yield the rows in bounded batches."""
        with connection.cursor() as cursor:
            cursor.arraysize = _BATCH_ROWS
            cursor.execute(statement)
            yield from _fetched(cursor)


def _oracle_form(kind: str) -> str:
    if kind in ("number", "float", "binary_float", "binary_double", "integer"):
        return "oracle_column_number"
    if kind == "date":
        return "oracle_column_date"
    if kind.startswith("timestamp"):
        return "oracle_column_zoned" if "time zone" in kind else "oracle_column_timestamp"
    return "oracle_column"


def as_text(value: Any) -> str | None:
    """Return what a driver hands over as text; bytes are taken for UTF-8."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    # A large object of Oracle is read on demand.
    return str(value.read()) if hasattr(value, "read") else str(value)


def _fetched(cursor: Any) -> Iterator[Sequence[Sequence[Any]]]:
    while rows := cursor.fetchmany(_BATCH_ROWS):
        yield rows


def _in_blocks(copy: Iterable[Any]) -> Iterator[bytes]:
    """Join the small pieces that a copy sends into blocks worth a chunk."""
    pieces: list[bytes] = []
    size = 0
    for piece in copy:
        pieces.append(bytes(piece))
        size += len(piece)
        if size >= 32 << 20:
            yield b"".join(pieces)
            pieces, size = [], 0
    yield b"".join(pieces)


def _backticked(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _driver(name: str, place: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ExplainedError(
            where=place,
            found=f"no driver {name}",
            expected="the driver of this database",
            remedy=f"Install it with: pip install 'jicha[{_EXTRAS[name]}]'",
        ) from None


@contextmanager
def _explained(place: str, error_type: type[Exception]) -> Iterator[None]:
    """Tell errors of a driver without the password."""
    try:
        yield
    except error_type as error:
        raise ExplainedError(
            where=place,
            found=f"an error of the database: {str(error).strip().splitlines()[0]}",
            expected="a database that can be reached and read",
            remedy="Check host, port, name, user and password of the URL, and the user's rights. Nothing was loaded.",
        ) from None
