"""Sizes and bounds of samples against published tables, and their coverage by simulation.

The tables are those of the AICPA's guide on audit sampling (attribute sampling, 5 % risk: sizes and upper limits; monetary-unit
sampling: confidence factors), which every text book of auditing prints.
"""

from __future__ import annotations

import random
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jicha.audit.sample.bounds import hypergeometric_up_to, lower_rate, poisson_factor, upper_rate
from jicha.audit.sample.draw import Item, draw_monetary, draw_random, frame_hash
from jicha.audit.sample.judge import Audited, judge_monetary, judge_random
from jicha.audit.sample.size import attribute_size, monetary_size
from jicha.errors import ExplainedError

SURE = Decimal("0.95")

# Expected rate %: {tolerable rate %: (size, acceptable errors)}
SIZES = {
    "0": {2: (149, 0), 3: (99, 0), 4: (74, 0), 5: (59, 0), 6: (49, 0), 7: (42, 0), 8: (36, 0), 9: (32, 0), 10: (29, 0), 15: (19, 0), 20: (14, 0)},
    "0.25": {2: (236, 1), 3: (157, 1), 4: (117, 1), 5: (93, 1), 6: (78, 1), 7: (66, 1), 8: (58, 1), 9: (51, 1), 10: (46, 1), 15: (30, 1), 20: (22, 1)},
    "1": {4: (156, 2), 5: (93, 1), 6: (78, 1), 7: (66, 1), 8: (58, 1), 9: (51, 1), 10: (46, 1)},
    "2": {5: (181, 4), 6: (127, 3), 7: (88, 2), 8: (77, 2), 9: (68, 2), 10: (46, 1)},
}  # fmt: skip


@pytest.mark.parametrize(
    ("expected", "tolerable", "told"), [(e, t, told) for e, row in SIZES.items() for t, told in row.items()]
)
def test_sizes_are_those_of_the_published_table(expected: str, tolerable: int, told: tuple[int, int]) -> None:
    found = attribute_size(Decimal(tolerable) / 100, Decimal(expected) / 100, SURE)
    assert (found.items, found.acceptable_errors) == told


# Size: upper limits in % at 0, 1, 2, 3 errors.
LIMITS = {
    25: ("11.3", "17.6"),
    30: ("9.5", "14.9"),
    50: ("5.8", "9.1", "12.1"),
    60: ("4.9", "7.7", "10.1"),
    100: ("3.0", "4.7", "6.2", "7.6"),
}


@pytest.mark.parametrize(
    ("size", "errors", "limit"), [(n, k, limit) for n, row in LIMITS.items() for k, limit in enumerate(row)]
)
def test_upper_limits_are_those_of_the_published_table(size: int, errors: int, limit: str) -> None:
    found = upper_rate(errors, size, SURE) * 100
    # Editions differ in whether the tenth is rounded up or to the nearest.
    assert Decimal(limit) in {found.quantize(Decimal("0.1"), way) for way in (ROUND_HALF_UP, ROUND_CEILING)}


@pytest.mark.parametrize(
    ("confidence", "factors"),
    [
        ("0.95", ("3.00", "4.75", "6.30", "7.76", "9.16", "10.52")),
        ("0.90", ("2.31", "3.89", "5.33", "6.69", "8.00", "9.28")),
    ],
)
def test_confidence_factors_are_the_published_ones(confidence: str, factors: tuple[str, ...]) -> None:
    found = [
        poisson_factor(k, Decimal(confidence)).quantize(Decimal("0.01"), ROUND_CEILING) for k in range(6)
    ]
    assert found == [Decimal(one) for one in factors]


def test_monetary_sizes() -> None:
    """2.9957 ÷ 5 % = 59.9; with one error expected 4.7439 ÷ 5 % = 94.9, in which 1 % of the books is 0.95 of an error."""
    book = Decimal(1_000_000)
    assert monetary_size(book, Decimal(50_000), Decimal(0), SURE).items == 60
    found = monetary_size(book, Decimal(50_000), Decimal(10_000), SURE)
    assert (found.items, found.acceptable_errors) == (95, 1)


def test_a_finite_population_needs_fewer() -> None:
    """Of 100 with 5 wrong, 45 drawn miss all five with a chance of C(95,45) ÷ C(100,45) = 4.6 %, 44 with 5.1 %."""
    assert [f"{hypergeometric_up_to(0, n, 5, 100):.3f}" for n in (44, 45)] == ["0.051", "0.046"]
    assert attribute_size(Decimal("0.05"), Decimal(0), SURE, 100).items == 45
    assert attribute_size(Decimal("0.05"), Decimal(0), SURE, 10).items == 10


@pytest.mark.parametrize(
    ("tolerable", "expected"), [("0.05", "0.05"), ("0.05", "0.049"), ("0", "0"), ("1.1", "0")]
)
def test_what_no_sample_can_tell_is_refused(tolerable: str, expected: str) -> None:
    with pytest.raises(ExplainedError, match="look at every item"):
        attribute_size(Decimal(tolerable), Decimal(expected), SURE)
    with pytest.raises(ExplainedError, match=r"0\.95 for 95"):
        attribute_size(Decimal("0.05"), Decimal(0), Decimal(95))


@settings(max_examples=60, deadline=None)
@given(size=st.integers(1, 120), data=st.data())
def test_bounds_enclose_the_rate_and_a_whole_population_has_none(size: int, data: st.DataObject) -> None:
    errors = data.draw(st.integers(0, size))
    rate = Decimal(errors) / size
    assert lower_rate(errors, size, SURE) <= rate + Decimal("1e-6")
    assert rate <= upper_rate(errors, size, SURE)
    assert abs(upper_rate(errors, size, SURE, size) - rate) <= Decimal("1e-6")
    assert upper_rate(errors, size, SURE, size * 3) <= upper_rate(errors, size, SURE)


def _population(rng: random.Random, share_wrong: float) -> list[Audited]:
    """Bills of many sizes, some of them too high by a part of their amount."""
    made = []
    for number in range(400):
        book = Decimal(rng.randint(1_000, 900_000)) / 100
        over = (
            (book * Decimal(rng.randint(1, 100)) / 100).quantize(Decimal("0.01"))
            if rng.random() < share_wrong
            else Decimal(0)
        )
        made.append(Audited(Item(f"B{number:04}", "all", book), book - over))
    return made


def test_the_bound_of_a_random_sample_holds_as_often_as_it_says() -> None:
    """200 draws of 60 from 400: the true rate lies below the upper bound in at least 95 % of them."""
    bills = _population(random.Random(7), 0.06)
    by_id = {one.item.item_id: one for one in bills}
    true = Decimal(sum(one.over_yuan != 0 for one in bills)) / len(bills)
    held = []
    for seed in range(200):
        draw = draw_random([one.item for one in bills], 60, f"seed {seed}")
        judged = judge_random([by_id[item.item_id] for item in draw.items], {"all": len(bills)}, SURE)
        held.append(judged.upper >= true)
    assert mean(held) >= 0.95


@pytest.mark.parametrize("share_wrong", [0.01, 0.05, 0.2])
def test_the_bound_of_a_monetary_sample_holds_as_often_as_it_says(share_wrong: float) -> None:
    """150 draws: what is charged too much in all lies below Stringer's bound in at least 95 % of them, and projections hit it in the mean."""
    bills = _population(random.Random(11), share_wrong)
    by_id = {one.item.item_id: one for one in bills}
    true = sum((one.over_yuan for one in bills), Decimal(0))
    held, projected = [], []
    for seed in range(150):
        draw = draw_monetary([one.item for one in bills], 60, f"seed {seed}")
        assert draw.interval_yuan is not None
        hit, certain = ([by_id[item.item_id] for item in some] for some in (draw.items, draw.certain))
        judged = judge_monetary(hit, certain, draw.interval_yuan, SURE, over=True)
        held.append(judged.upper_yuan >= true)
        projected.append(judged.projected_yuan)
    assert mean(held) >= 0.95
    spread = (sum((one - mean(projected)) ** 2 for one in projected) / len(projected)).sqrt()
    assert abs(mean(projected) - true) <= 4 * spread / Decimal(150).sqrt()


def test_stringer_by_hand() -> None:
    """Interval 1,000; taints 0.5 and 0.2: 1,000 × (2.995733 + (4.743865 − 2.995733) × 0.5 + (6.295794 − 4.743865) × 0.2) = 4,180.18."""
    hit = [
        Audited(Item("A", "", Decimal(100)), Decimal(50)),
        Audited(Item("B", "", Decimal(200)), Decimal(160)),
    ]
    sure = [Audited(Item("C", "", Decimal(5000)), Decimal(4900))]
    judged = judge_monetary(hit, [], Decimal(1000), SURE, over=True)
    assert abs(judged.upper_yuan - Decimal("4180.18")) <= Decimal("0.02")
    assert judged.projected_yuan == Decimal("700.00")
    with_certain = judge_monetary(hit, sure, Decimal(1000), SURE, over=True)
    assert (with_certain.known_yuan, with_certain.upper_yuan - judged.upper_yuan) == (
        Decimal("100.00"),
        Decimal("100.00"),
    )
    assert judge_monetary(hit, sure, Decimal(1000), SURE, over=False).projected_yuan == 0
    doubled = [Audited(Item("D", "", Decimal(100)), Decimal(300))]
    assert not judge_monetary(doubled, [], Decimal(1000), SURE, over=False).is_bounded


def test_a_draw_depends_on_the_seed_and_on_nothing_else() -> None:
    items = [Item(f"B{n:03}", f"S{n % 3}", Decimal(n * 10 + 1)) for n in range(90)]
    shuffled = random.Random(1).sample(items, len(items))
    for draw in (draw_random, draw_monetary):
        assert set(draw(items, 12, "a").items) == set(draw(shuffled, 12, "a").items)
        assert set(draw(items, 12, "a").items) != set(draw(items, 12, "b").items)
    assert frame_hash(items) == frame_hash(shuffled) != frame_hash(items[1:])


def test_strata_have_their_share() -> None:
    """Of 60, 30 and 10 items 20 are drawn: 12, 6 and 2."""
    items = [
        Item(f"{name}{n}", name, Decimal(1))
        for name, count in (("a", 60), ("b", 30), ("c", 10))
        for n in range(count)
    ]
    drawn = [item.stratum for item in draw_random(items, 20, "x").items]
    assert {name: drawn.count(name) for name in "abc"} == {"a": 12, "b": 6, "c": 2}


def test_large_items_are_looked_at_in_any_case_and_credits_cannot_be_hit() -> None:
    items = [
        Item("big", "", Decimal(1000)),
        Item("credit", "", Decimal(-50)),
        *(Item(f"s{n}", "", Decimal(10)) for n in range(100)),
    ]
    draw = draw_monetary(items, 20, "x")
    assert (draw.interval_yuan, [one.item_id for one in draw.certain]) == (Decimal(100), ["big"])
    # 1,000 yuan of small items by steps of 100: ten are hit, wherever it begins.
    assert len(draw.items) == 10
    assert all(one.item_id.startswith("s") for one in draw.items)
