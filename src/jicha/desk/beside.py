"""The worker that `jicha serve` starts beside the server, as `python -m jicha.desk.beside PROCESS`; it ends with that process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from jicha.desk.commands import open_desk, work


def main() -> None:
    """Work as long as the server lives."""
    open_desk(Path(os.environ["JICHA_HOME"]))
    work(int(sys.argv[1]))


if __name__ == "__main__":
    main()
