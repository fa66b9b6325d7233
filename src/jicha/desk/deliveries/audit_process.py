"""The process in which a worker audits a month: what it takes of memory goes with it, and it can be ended at any moment.

Called as `python -m jicha.desk.deliveries.audit_process`, the order as JSON in the first line of the input; it answers in lines of
JSON: {"words", "done", "total"} on the way, at the end {"run_id"} or {"error"}. It ends by itself when the input is closed, which
happens too when the worker is killed.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from jicha.errors import JichaError
from jicha.home import open_home

# The pages of the desk come first where both want the processor.
NICENESS = 5


def main() -> int:
    """Audit the month that the input names."""
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_input, daemon=True).start()
    os.nice(NICENESS)
    try:
        run = open_home(Path(order["home"])).audit(
            order["month"], org_no=order["org_no"], progress=_tell_progress
        )
    except JichaError as error:
        _tell(error=str(error))
        return 1
    _tell(run_id=run.run_id)
    return 0


def _end_with_the_input() -> None:
    sys.stdin.read()
    os._exit(1)


def _tell_progress(words: str, done: int, total: int) -> None:
    _tell(words=words, done=done, total=total)


def _tell(**told: Any) -> None:
    print(json.dumps(told, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.exit(main())
