"""Reading the YAML side of a rule or fact: unknown keys, missing keys and wrong types are all named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from jicha.errors import ManyErrors


class YamlProblem(ManyErrors):
    """A rule, fact or case file that cannot be used; every problem is listed with its key."""


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the file's top-level mapping; raise YamlProblem with line and column if it is not one."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path.name}:{mark.line + 1}:{mark.column + 1}" if mark else path.name
        raise YamlProblem(path.name, [f"{place}: {error.problem}; correct the YAML there"]) from error
    if not isinstance(content, dict):
        raise YamlProblem(path.name, ["holds no mapping; start with `id:` or `title:`"])
    return content


class _UniqueKeyLoader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """A safe loader that refuses a key written twice, of which YAML would keep the last in silence."""


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"key {key!r} is written twice", key_node.start_mark
            )
        seen.add(key)
    return dict(loader.construct_pairs(node, deep=True))


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


class Keys:
    """Takes typed values out of a mapping and keeps every problem met."""

    def __init__(self, mapping: Mapping[str, Any], where: str, problems: list[str]) -> None:
        self._mapping = dict(mapping)
        self._where = where
        self._problems = problems

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:
        """Return the value under `key`; a missing or wrongly typed one is a problem and gives the default."""
        if key not in self._mapping:
            if default is ...:
                self._problems.append(f"{self._where}: `{key}` is missing; add it")
                return _empty(kind)
            return default
        value = self._mapping.pop(key)
        if isinstance(value, kind) or (value is None and default is None):
            return value
        wanted = kind.__name__ if isinstance(kind, type) else " or ".join(k.__name__ for k in kind)
        self._problems.append(f"{self._where}: `{key}` is {value!r}; expected {wanted}")
        return _empty(kind) if default is ... else default

    def choice(self, key: str, allowed: tuple[str, ...], default: Any = ...) -> str:
        """Return the value under `key`, which must be one of `allowed`."""
        value = str(self.take(key, str, default))
        if value not in allowed:
            self._problems.append(
                f"{self._where}: `{key}` is {value!r}; expected one of {', '.join(allowed)}"
            )
        return value

    def both_languages(self, key: str, default: Any = ...) -> dict[str, Any]:
        """Return a mapping that has both `zh` and `en`."""
        value: dict[str, Any] = self.take(key, dict, default)
        for language in ("zh", "en"):
            if value and language not in value:
                self._problems.append(f"{self._where}: `{key}` has no {language}; write it in both languages")
        return value

    def finish(self) -> None:
        """Name every key that nobody took."""
        for key in self._mapping:
            self._problems.append(f"{self._where}: `{key}` is not known; remove it or correct its name")


def _empty(kind: type | tuple[type, ...]) -> Any:
    first = kind if isinstance(kind, type) else kind[0]
    return first()
