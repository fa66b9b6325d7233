"""Keeps identity numbers and telephones out of the log, even where somebody typed one into a reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_IDENTITY = re.compile(r"(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])")
_MOBILE = re.compile(r"(?<![0-9A-Za-z.])1[3-9]\d{9}(?![0-9A-Za-z]|\.\d)")
# GB 11643: the last character of an identity number follows from the first seventeen.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


def discreet(value: Any) -> Any:
    """Return details of an event in which identity numbers, and telephones within a text, are stars in the middle.

    A value that is nothing but a number of eleven digits may be a customer's and stays.
    """
    if isinstance(value, Mapping):
        return {key: discreet(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [discreet(one) for one in value]
    if not isinstance(value, str):
        return value
    text = _IDENTITY.sub(lambda found: _stars(found[0]) if _is_identity(found[0]) else found[0], value)
    return text if text.strip().isdecimal() else _MOBILE.sub(lambda found: _stars(found[0]), text)


def _is_identity(text: str) -> bool:
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, text, strict=False))
    return _CHECK[total % 11] == text[-1].upper()


def _stars(text: str) -> str:
    return f"{text[:3]}{'*' * (len(text) - 5)}{text[-2:]}"
