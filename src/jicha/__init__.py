"""jicha (稽查): audit of electric power marketing. `home = jicha.open(path); run = home.audit("2026-10")`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Home", "Run", "open"]

if TYPE_CHECKING:
    from jicha.home import Home, Run
    from jicha.home import open_home as open  # noqa: A004


def __getattr__(name: str) -> Any:
    """Load the API on first use, so that workers which need only a part start fast."""
    if name in __all__:
        from jicha import home

        return getattr(home, "open_home" if name == "open" else name)
    raise AttributeError(f"module 'jicha' has no attribute {name!r}")
