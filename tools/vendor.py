"""Copies the pages' style sheet and script out of the npm packages named in tools/vendor/package.json, and notes what they are.

cd tools/vendor && npm ci && cd ../.. && python tools/vendor.py
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent / "vendor"
TARGET = HERE.parents[1] / "src" / "jicha" / "desk" / "ui" / "static" / "vendor"
FILES = {
    "@tabler/core": ("dist/css/tabler.min.css", "dist/js/tabler.min.js"),
}


def main() -> None:
    """Copy every file and write VENDORED.toml."""
    TARGET.mkdir(parents=True, exist_ok=True)
    told = ["# Written by tools/vendor.py; a test compares the hashes.\n"]
    for package, names in FILES.items():
        folder = HERE / "node_modules" / package
        about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        for name in names:
            # A source map that is not shipped would be a missing file to the collector of static files.
            text = re.sub(
                r"/[/*]# sourceMappingURL=\S+( \*/)?\s*$", "", (folder / name).read_text(encoding="utf-8")
            )
            target = TARGET / Path(name).name
            target.write_text(text, encoding="utf-8")
            digest = hashlib.sha256(target.read_bytes()).hexdigest()
            told.append(
                f'["{target.name}"]\npackage = "{package}"\nversion = "{about["version"]}"\n'
                f'licence = "{about["license"]}"\nsha256 = "{digest}"\n'
            )
    (TARGET / "VENDORED.toml").write_text("\n".join(told), encoding="utf-8")


if __name__ == "__main__":
    main()
