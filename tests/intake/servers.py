"""Private database servers in a temporary folder: started for the tests, ended with them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NOBODY = "nobody"


def _program(name: str, *folders: str) -> str:
    """Return the path of a program, or fail with the package that brings it."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *folders]))
    assert found, (
        f"{name} is not installed: apt-get install postgresql mariadb-server-core mariadb-client-core"
    )
    return found


def _postgres_folder() -> str:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert versions, "PostgreSQL is not installed: apt-get install postgresql"
    return str(versions[-1])


def _as_nobody() -> dict[str, Any]:
    """Return what makes a server run without rights: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam(NOBODY)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def _folder() -> Iterator[Path]:
    # Not pytest's own folder: nobody may not enter it, and the path of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="jicha-db-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.getuid() == 0:
            user = pwd.getpwnam(NOBODY)
            os.chown(folder, user.pw_uid, user.pw_gid)
        yield folder


@contextmanager
def _running(command: list[str], folder: Path, is_up: Callable[[], bool]) -> Iterator[None]:
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **_as_nobody())
        try:
            _wait(server, is_up, folder)
            yield
        finally:
            server.terminate()
            server.wait(timeout=60)


def _wait(server: subprocess.Popen[bytes], is_up: Callable[[], bool], folder: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert server.poll() is None, (folder / "server.log").read_text(errors="replace")
        if is_up():
            return
        time.sleep(0.1)
    raise AssertionError("the server did not start:\n" + (folder / "server.log").read_text(errors="replace"))


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL and give the URL of its database."""
    import psycopg

    programs = _postgres_folder()
    with _folder() as folder:
        initdb = [
            _program("initdb", programs),
            "-D",
            str(folder / "data"),
            "-U",
            "audit",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        ]
        subprocess.run(initdb, cwd=folder, check=True, capture_output=True, **_as_nobody())
        options = [
            "-c",
            "listen_addresses=",
            "-c",
            f"unix_socket_directories={folder}",
            "-c",
            "fsync=off",
            "-c",
            "shared_buffers=16MB",
        ]
        url = f"postgresql://audit@/postgres?host={folder}"

        def is_up() -> bool:
            try:
                psycopg.connect(url).close()
            except psycopg.OperationalError:
                return False
            return True

        with _running([_program("postgres", programs), "-D", str(folder / "data"), *options], folder, is_up):
            yield url


@contextmanager
def mariadb() -> Iterator[str]:
    """Run a MariaDB and give the URL of its database."""
    import pymysql

    with _folder() as folder:
        socket = folder / "s"
        install = [
            _program("mariadb-install-db", "/usr/sbin"),
            "--no-defaults",
            f"--datadir={folder / 'data'}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--innodb-use-native-aio=0",
            "--innodb-buffer-pool-size=16M",
        ]
        made = subprocess.run(install, cwd=folder, capture_output=True, text=True, **_as_nobody())
        assert made.returncode == 0, made.stdout + made.stderr
        server = [
            _program("mariadbd", "/usr/sbin"),
            "--no-defaults",
            f"--datadir={folder / 'data'}",
            f"--socket={socket}",
            "--skip-networking",
            "--innodb-use-native-aio=0",
            "--innodb-buffer-pool-size=16M",
            "--innodb-flush-log-at-trx-commit=0",
        ]

        def is_up() -> bool:
            if not socket.exists():
                return False
            try:
                with (
                    pymysql.connect(user="root", unix_socket=str(socket)) as connection,
                    connection.cursor() as cursor,
                ):
                    cursor.execute("CREATE DATABASE IF NOT EXISTS extract CHARACTER SET utf8mb4")
            except pymysql.OperationalError:
                return False
            return True

        with _running(server, folder, is_up):
            yield f"mysql://root@localhost/extract?unix_socket={socket}"
