"""By which key a person acts: every event that is appended meanwhile tells its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# A variable of the context and not an argument: an action that forgot to hand it on would leave a change without its key.
_KEY: ContextVar[str | None] = ContextVar("key", default=None)


def key_name() -> str | None:
    """Return the name of the key by which the person acts now; None where the person does so at the desk."""
    return _KEY.get()


def act_through(name: str) -> None:
    """Let everything until the end of `apart` be done by the key of this name."""
    _KEY.set(name)


@contextmanager
def apart() -> Iterator[None]:
    """Begin without a key, and leave none behind: a thread answers many people."""
    token = _KEY.set(None)
    try:
        yield
    finally:
        _KEY.reset(token)
