"""Orders of codes: similar colors have close numbers, and all are permutations."""

from itertools import product
from math import isqrt

import numpy as np
import pytest
from arrays import arrays, or_any
from hypothesis import given, settings
from hypothesis import strategies as st

from kmcodec.coding.order import green_order, invert_order, split_order

palettes = arrays(or_any([0, 1, 254, 255]), 60, 4)


def split_evenly(palette):
    """Return the split order of entries that all have one pixel."""
    return split_order(palette, np.ones(len(palette), np.int64))


both_orders = pytest.mark.parametrize("order_of", [green_order, split_evenly])


def recursive_split(palette, counts, numbers):
    """Split a tree node by node: the textbook form of ``split_order``."""
    if len(numbers) == 1:
        return numbers
    axes = [a for a in product((1, 0, -1), repeat=palette.shape[1]) if a > (0,) * len(a)]
    entries = palette[numbers].astype(int)
    weights = np.array([max(1, isqrt(counts[number])) for number in numbers])
    spreads = []
    for axis in axes:
        values = entries @ axis
        mean = (values * weights).sum() // weights.sum()
        length = sum(step * step for step in axis)
        spreads.append(((values - mean) ** 2 * weights).sum() * (12 // length))
    values = entries @ axes[spreads.index(max(spreads))]
    numbers = [numbers[place] for place in np.argsort(values, kind="stable")]
    half = 1 << ((len(numbers) - 1).bit_length() - 1)
    return [
        *recursive_split(palette, counts, numbers[:half]),
        *recursive_split(palette, counts, numbers[half:]),
    ]


@settings(max_examples=60)
@given(palettes, st.integers(0, 2**32 - 1))
def test_split_order_is_that_of_the_tree(palette, seed):
    """All nodes of a level at once are split as one by one."""
    counts = np.random.default_rng(seed).integers(0, 1000, len(palette))
    expected = recursive_split(palette, counts.tolist(), list(range(len(palette))))

    assert split_order(palette, counts).tolist() == expected


@both_orders
@settings(max_examples=60)
@given(palettes)
def test_orders_are_permutations(order_of, palette):
    """Every entry has one place, duplicates included."""
    order = order_of(palette)

    assert order.dtype == np.uint16
    assert sorted(order.tolist()) == list(range(len(palette)))


@pytest.mark.slow
@both_orders
@pytest.mark.parametrize("count", [1, 2, 3, 65536])
@pytest.mark.parametrize("extremes", [False, True])
def test_orders_of_the_longest_palettes(order_of, count, extremes):
    """65536 entries, however far apart, do not leave the range of the arithmetic."""
    rng = np.random.default_rng(0)
    palette = rng.integers(0, 256, (count, 4))
    palette = (np.where(palette < 128, 0, 255) if extremes else palette).astype(np.uint8)
    order = order_of(palette)

    assert (np.sort(order) == np.arange(count)).all()


@both_orders
@pytest.mark.parametrize("channels", [1, 3])
def test_orders_of_a_gray_ramp_are_monotone(order_of, channels):
    """Grays in any order are put in that of their brightness."""
    grays = np.random.default_rng(0).permutation(256).astype(np.uint8)
    palette = np.repeat(grays[:, np.newaxis], channels, axis=1)

    assert grays[order_of(palette)].tolist() == list(range(256))


@both_orders
def test_equal_entries_stay_in_their_order(order_of):
    """Where nothing tells entries apart, they stay as they are."""
    palette = np.full((300, 3), 7, np.uint8)

    assert order_of(palette).tolist() == list(range(300))


def test_green_comes_first():
    """Entries are ordered by green, red, blue and alpha; gray by gray, then alpha."""
    palette = np.array([[9, 5, 0, 0], [0, 6, 0, 0], [1, 5, 9, 9], [1, 5, 9, 8], [1, 5, 8, 9]])

    assert green_order(palette.astype(np.uint8)).tolist() == [4, 3, 2, 0, 1]
    assert green_order(palette[:, :3].astype(np.uint8)).tolist() == [4, 2, 3, 0, 1]
    assert green_order(palette[:, :2].astype(np.uint8)).tolist() == [1, 2, 3, 4, 0]


@pytest.mark.parametrize("centers", [[[20, 20, 20], [20, 20, 90]], [[220, 30, 40], [30, 200, 60]]])
def test_split_order_keeps_clusters_together(centers):
    """Two clusters of colors are the halves of the order, wherever they stood in the palette."""
    rng = np.random.default_rng(0)
    clusters = rng.permutation(np.repeat((0, 1), 20))
    palette = (np.array(centers)[clusters] + rng.integers(-9, 10, (40, 3))).astype(np.uint8)
    found = clusters[split_evenly(palette)]

    assert (np.diff(found) != 0).sum() == 1


def test_an_inverted_order_tells_codes():
    """The code of each palette index."""
    order = np.array([2, 0, 1], np.uint16)

    assert invert_order(order).tolist() == [1, 2, 0]
    assert invert_order(order)[order].tolist() == [0, 1, 2]
