"""Points in Z-order: merged, made coarse, and assigned exactly to their nearest centroids."""

import numpy as np
import pytest
from arrays import arrays, or_any
from hypothesis import given, settings
from hypothesis import strategies as st

from kmcodec.quantizer.points import GRID, PointSet, snap


def noise(shape, top=4095, seed=0):
    """Random points up to a value."""
    return np.random.default_rng(seed).integers(0, top + 1, shape).astype(np.uint16)


def set_of(points):
    """Return the set of some points that count one each."""
    return PointSet.of(points, np.ones(len(points), np.int64))[0]


def z_order(point):
    """Interleave the bits of a point's channels, the highest and the first channel's first."""
    return [int(value) >> bit & 1 for bit in range(11, -1, -1) for value in point]


def nearest_by_brute_force(points, numerators):
    """Return the first of the nearest of centroids in units of the grid, in integers."""
    deltas = (numerators - point for point in points.astype(np.int64) * GRID)
    return [int(np.argmin(np.sum(delta**2, axis=1))) for delta in deltas]


weighted_points = st.builds(
    lambda points, weights: (points, np.resize(weights, len(points))),
    arrays(or_any(range(4), 4095), 40, 4, dtype=np.uint16),
    arrays([1 << bit for bit in range(31)] + [*range(3, 20)], 40, dtype=np.int64),
)


@given(example=weighted_points)
@settings(max_examples=60, deadline=None)
def test_sets_are_sorted_and_distinct(example):
    """Points stand in Z-order, each once, and missing channels are zero."""
    points, weights = example
    merged, _ = PointSet.of(points, weights)
    channels = points.shape[1]
    assert merged.channels == channels
    assert merged.points.dtype == np.uint16
    expected = sorted(set(map(tuple, points.tolist())), key=z_order)
    assert list(map(tuple, merged.points[:, :channels].tolist())) == expected
    assert merged.points.shape == (len(expected), 4)
    assert not merged.points[:, channels:].any()


@given(example=weighted_points)
@settings(max_examples=60, deadline=None)
def test_equal_points_add_their_weights(example):
    """Places lead from each point to its like in the set, which weighs as much as all of them."""
    points, weights = example
    merged, places = PointSet.of(points, weights)
    np.testing.assert_array_equal(merged.points[places, : points.shape[1]], points)
    for point, weight in zip(merged.points, merged.weights, strict=True):
        equal = np.all(points == point[: points.shape[1]], axis=1)
        assert weight == weights[equal].sum()


def test_codes_interleave_channels():
    """A code has the bits of all channels in turn, the first channel's above the others'."""
    merged = set_of(np.array([[0b10, 0b01, 0b11]], np.uint16))
    assert merged.codes.tolist() == [0b101_011]
    assert set_of(np.full((1, 4), 4095, np.uint16)).codes.tolist() == [2**48 - 1]


@given(example=weighted_points, bits=st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_coarse_points_are_means_of_cells(example, bits):
    """Each cell becomes the mean of its points, rounded, with their weight."""
    merged, _ = PointSet.of(*example)
    coarse = merged.coarse(bits)
    cells = merged.points >> (12 - bits)
    expected = {}
    for cell in np.unique(cells, axis=0):
        inside = np.all(cells == cell, axis=1)
        weight = int(merged.weights[inside].sum())
        sums = np.sum(merged.points[inside] * merged.weights[inside, np.newaxis], axis=0)
        expected[tuple((2 * total + weight) // (2 * weight) for total in sums.tolist())] = weight
    found = dict(zip(map(tuple, coarse.points.tolist()), coarse.weights.tolist(), strict=True))
    assert found == expected
    assert sum(found.values()) == merged.weights.sum()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_coarse_sets_are_sets(channels):
    """Means of cells are what a set made of them has: in Z-order, with its codes."""
    coarse = set_of(noise((3000, channels))).coarse(4)
    again, places = PointSet.of(coarse.points[:, :channels], coarse.weights)
    np.testing.assert_array_equal(places, np.arange(len(coarse.points)))
    np.testing.assert_array_equal(again.codes, coarse.codes)
    assert coarse.channels == channels


def test_coarse_of_a_point_a_cell_changes_nothing():
    """Cells of 12 bits hold a point each."""
    merged = set_of(noise((500, 3)))
    coarse = merged.coarse(12)
    np.testing.assert_array_equal(coarse.points, merged.points)
    np.testing.assert_array_equal(coarse.weights, merged.weights)


@given(
    seed=st.integers(0, 1000),
    k=st.integers(1, 60),
    channels=st.integers(1, 4),
    top=st.sampled_from([0, 2, 30, 500, 4095]),
    steps=st.sampled_from([1, 2, GRID]),
)
@settings(max_examples=60, deadline=None)
def test_assigning_to_fractional_centroids_is_exact(seed, k, channels, top, steps):
    """Centroids on the grid of 1/4096 are told apart to the last bit, ties to the lowest index."""
    rng = np.random.default_rng(seed)
    merged = set_of(rng.integers(0, top + 1, (300, channels)).astype(np.uint16))
    numerators = rng.integers(0, top * steps + 1, (k, channels)) * (GRID // steps)
    numerators[k // 2 :] = numerators[: k - k // 2]  # duplicates
    assert merged.assign(numerators / GRID).tolist() == nearest_by_brute_force(
        merged.points[:, :channels], numerators
    )


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("k", [1, 257, 3000])
def test_assigning_to_many_centroids_is_exact(channels, k):
    """So it is for any number of channels and centroids."""
    merged = set_of(noise((700, channels)))
    numerators = np.random.default_rng(1).integers(0, 4095 * GRID + 1, (k, channels))
    nearest = merged.assign(numerators / GRID)
    assert nearest.dtype == np.int32
    assert nearest.tolist() == nearest_by_brute_force(merged.points[:, :channels], numerators)


@pytest.mark.parametrize("grid", [32, 256, 1024])
def test_ties_go_to_the_lowest_index(grid):
    """On coarse grids nearly every point has several nearest centroids."""
    merged = set_of(noise((1000, 3)) // 128 * 128)
    centroids = noise((500, 3), seed=1) // grid * grid
    assert merged.assign(centroids.astype(np.float64)).tolist() == nearest_by_brute_force(
        merged.points[:, :3], centroids.astype(np.int64) * GRID
    )


def test_distances_that_differ_by_one_step_are_told_apart():
    """A centroid nearer by 1/4096 wins at the longest distance, whichever comes first."""
    far, near = np.full(4, 4095.0), np.full(4, 4095.0)
    near[3] -= 1 / GRID
    point = set_of(np.zeros((1, 4), np.uint16))
    assert point.assign(np.array([far, near])).tolist() == [1]
    assert point.assign(np.array([near, far])).tolist() == [0]


def test_equal_centroids():
    """Of centroids that are all equal, the first is used."""
    assert not set_of(noise((1000, 3))).assign(np.full((3000, 3), 7.25)).any()


def test_each_point_is_its_own_centroid():
    """Points find themselves again, in any order of the centroids."""
    merged = set_of(noise((3000, 4)))
    order = np.random.default_rng(2).permutation(len(merged.points))
    nearest = merged.assign(merged.points[order].astype(np.float64))
    np.testing.assert_array_equal(order[nearest], np.arange(len(order)))


def test_snapping_goes_to_the_nearest_step():
    """Values move by at most half of 1/4096, those on the grid not at all."""
    values = np.array([[0.0, 4095.0, 1 / 4096, 1.49 / 4096, 1.51 / 4096, 1 / 3]])
    assert (snap(values) * 4096).tolist() == [[0, 4095 * 4096, 1, 1, 2, 1365]]
    np.testing.assert_array_equal(snap(snap(values)), snap(values))
