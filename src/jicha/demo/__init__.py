"""The demo utility: a county supply company made from one seed, with planted irregularities and an answer key."""

from __future__ import annotations

from jicha.demo.build import DemoSummary, build

__all__ = ["DemoSummary", "build"]
