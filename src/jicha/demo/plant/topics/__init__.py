"""Planted faults of further topics, one module a group; each holds its own recipes (RECIPES), allocated after all others."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from jicha.demo.plant.candidates import Recipe


def recipes() -> tuple[Recipe, ...]:
    """Import every module of the package, so that its plants register, and return their recipes by module name."""
    names = sorted(module.name for module in iter_modules(__path__))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return tuple(recipe for module in modules for recipe in module.RECIPES)
