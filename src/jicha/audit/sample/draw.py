"""Which items: drawn by hashes of seed and number, so that anybody with the frame draws the same ones with any tool."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

FEN = 100


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a frame: a bill with its amount in the books."""

    item_id: str
    stratum: str
    book_yuan: Decimal


@dataclass(frozen=True, slots=True)
class Draw:
    """What was drawn: single items by chance, and those so large that they are looked at in any case."""

    items: tuple[Item, ...]
    certain: tuple[Item, ...] = ()
    interval_yuan: Decimal | None = None


def frame_hash(items: Iterable[Item]) -> str:
    """Return the SHA-256 over the frame in the order of its numbers, one line `number TAB stratum TAB yuan` each."""
    digest = hashlib.sha256()
    for item in sorted(items, key=lambda one: one.item_id):
        digest.update(f"{item.item_id}\t{item.stratum}\t{item.book_yuan:.2f}\n".encode())
    return digest.hexdigest()


def rank(seed: str, item_id: str) -> str:
    """Return the hash by which items are ordered: SHA-256 of `seed LF number`."""
    return hashlib.sha256(f"{seed}\n{item_id}".encode()).hexdigest()


def draw_random(items: Sequence[Item], size: int, seed: str) -> Draw:
    """Return so many items, each stratum with its share of them, within it those of the lowest ranks."""
    strata: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        strata[item.stratum].append(item)
    shares = _shares({name: len(some) for name, some in strata.items()}, min(size, len(items)))
    chosen = [
        item
        for name in sorted(strata)
        for item in sorted(strata[name], key=lambda one: rank(seed, one.item_id))[: shares[name]]
    ]
    return Draw(tuple(chosen))


def _shares(counts: dict[str, int], size: int) -> dict[str, int]:
    """Split a size in proportion to counts: whole parts first, then one each to the largest rests."""
    whole = sum(counts.values())
    parts = {name: divmod(count * size, whole) for name, count in counts.items()}
    left = size - sum(part for part, _ in parts.values())
    by_rest = sorted(parts, key=lambda name: (-parts[name][1], name))
    return {name: parts[name][0] + (name in by_rest[:left]) for name in counts}


def draw_monetary(items: Sequence[Item], size: int, seed: str) -> Draw:
    """Return the items that hold every so-manieth yuan; who holds a whole interval is looked at in any case.

    Items lie in the order of their ranks, so chance decides both where it begins and beside whom an item lies. Items
    that are not above zero hold no yuan to be hit: they need a sample of their own.
    """
    positive = [item for item in items if item.book_yuan > 0]
    interval = max(1, sum(fen(item) for item in positive) // max(1, size))
    certain = [item for item in positive if fen(item) >= interval]
    ordered = sorted(
        (item for item in positive if fen(item) < interval), key=lambda one: rank(seed, one.item_id)
    )
    next_hit, end, chosen = int(rank(seed, "start"), 16) % interval, 0, []
    for item in ordered:
        end += fen(item)
        if next_hit < end:
            chosen.append(item)
            next_hit += interval
    by_number = sorted(certain, key=lambda one: one.item_id)
    return Draw(tuple(chosen), tuple(by_number), Decimal(interval) / FEN)


def fen(item: Item) -> int:
    """Return the amount of an item in fen."""
    return int(item.book_yuan * FEN)
