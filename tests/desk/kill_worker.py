"""A worker that is killed by SIGKILL at its n-th statement, and else ends when no job is left: `kill_worker.py HOME N`."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from jicha.desk import commands


def main() -> None:
    """Work until killed, or until nothing is left."""
    commands.open_desk(Path(sys.argv[1]))
    from django.db import connection, connections
    from django.db.backends.signals import connection_created

    from jicha.desk.jobs.models import Job
    from jicha.desk.jobs.worker import Workshop

    left = [int(sys.argv[2])]

    def killing(execute: Any, *arguments: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*arguments)

    def watch(connection: Any, **_signal: Any) -> None:
        if (
            threading.current_thread() is threading.main_thread()
            and killing not in connection.execute_wrappers
        ):
            connection.execute_wrappers.append(killing)

    connection_created.connect(watch)
    connection.close()
    workshop = Workshop()

    def end_when_idle() -> None:
        while Job.objects.filter(state__in=Job.LIVE).exists():
            time.sleep(0.1)
        workshop.end()
        connections.close_all()

    threading.Thread(target=end_when_idle, daemon=True).start()
    workshop.run()


if __name__ == "__main__":
    main()
