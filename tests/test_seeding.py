"""Seedings: k distinct places to start from, the same on every run."""

import numpy as np
import pytest
from arrays import arrays, or_any
from helpers import photo, picture
from hypothesis import given, settings
from hypothesis import strategies as st

from kmcodec.quantizer.cloud import Cloud
from kmcodec.quantizer.histogram import Histogram
from kmcodec.quantizer.points import PointSet
from kmcodec.quantizer.seeding import (
    SEEDINGS,
    kmeanspp_seeding,
    random_seeding,
    wu_seeding,
)
from kmcodec.quantizer.space import SPACES


def points_of(pixels):
    """Return the points of the colors of a picture, which are 16 times these."""
    return Cloud(Histogram.of(pixels), SPACES["rgb"]).points


def point_set(points, weights=None):
    """Return the set of some points, given as lists."""
    weights = [1] * len(points) if weights is None else weights
    return PointSet.of(np.array(points, np.uint16), np.array(weights, np.int64))[0]


def coordinates(points):
    """(n, c) those of a set, as floats."""
    return points.points[:, : points.channels].astype(float)


small_sets = arrays([16 * value for value in or_any(range(6))], 64, 4, dtype=np.uint16).map(
    lambda points: point_set(points)
)
seedings = pytest.mark.parametrize("seeding", SEEDINGS.values(), ids=SEEDINGS.keys())


def squared_error(points, centroids):
    """Return the squared error of moving every point to its nearest centroid."""
    distances = np.sum((coordinates(points)[:, np.newaxis] - centroids) ** 2, axis=2)
    return np.sum(points.weights * distances.min(axis=1))


@seedings
@given(points=small_sets, k=st.integers(1, 64))
@settings(max_examples=30, deadline=None)
def test_as_many_seeds_as_asked_for(seeding, points, k):
    """Any k up to the number of points gives k distinct seeds among the points' range."""
    k = min(k, len(points.points))
    seeds = seeding(points, k, 7)
    assert seeds.shape == (k, points.channels)
    assert seeds.dtype == np.float64
    assert len(np.unique(seeds, axis=0)) == k
    assert (seeds >= coordinates(points).min(axis=0)).all()
    assert (seeds <= coordinates(points).max(axis=0)).all()


@seedings
@given(points=small_sets)
@settings(max_examples=30, deadline=None)
def test_as_many_seeds_as_points_are_the_points(seeding, points):
    """With k equal to the number of points, the seeds are these."""
    seeds = seeding(points, len(points.points), 3)
    assert sorted(seeds.tolist()) == sorted(coordinates(points).tolist())


@seedings
def test_same_seed_same_seeds(seeding):
    """A seeding repeats itself."""
    points = points_of(photo(60, 40))
    np.testing.assert_array_equal(seeding(points, 20, 5), seeding(points, 20, 5))


@pytest.mark.parametrize("seeding", [random_seeding, kmeanspp_seeding])
def test_another_seed_draws_others(seeding):
    """The seed decides what is drawn."""
    points = points_of(photo(60, 40))
    assert not np.array_equal(seeding(points, 20, 1), seeding(points, 20, 2))


def test_random_draws_are_fixed():
    """Draws are the same under every version of NumPy."""
    points = points_of(np.arange(256, dtype=np.uint8).reshape(16, 16, 1))
    expected = [95, 33, 184, 29, 59, 78]
    assert random_seeding(points, 6, 0).ravel().tolist() == [16 * value for value in expected]
    expected = [95, 60, 251, 152, 219, 11]
    assert kmeanspp_seeding(points, 6, 0).ravel().tolist() == [16 * value for value in expected]


def test_random_seeds_are_drawn_by_weight():
    """A point of nine tenths of the weight is drawn first nine times in ten."""
    points = point_set([[0], [9]], [100, 900])
    first = [random_seeding(points, 1, seed)[0, 0] for seed in range(1000)]
    assert 860 <= first.count(9) <= 940


def test_kmeanspp_seeds_are_drawn_by_squared_distance():
    """After 0, a point at distance 3 is drawn nine times as often as one at distance 1."""
    points = point_set([[0], [1], [3]], [10**9, 1, 1])
    pairs = [kmeanspp_seeding(points, 2, seed).ravel().tolist() for seed in range(1000)]
    assert all(first == 0 for first, _ in pairs)
    assert 860 <= sum(second == 3 for _, second in pairs) <= 940


@seedings
def test_heaviest_sets_are_seeded(seeding):
    """Points of the most weight at the longest distances overflow nothing."""
    corners = [[0] * 4, [4095] * 4, [4095, 0, 4095, 0]]
    points = point_set(corners, [2**36 - 2, 1, 1])
    for seed in range(20):
        assert sorted(seeding(points, 3, seed).tolist()) == sorted(corners)


def test_wu_parts_what_lies_apart():
    """Well separated groups get one seed each, their mean."""
    groups = [[[160, 160, 160], [192, 160, 160]], [[3200, 0, 0], [3200, 64, 0]], [[0, 0, 4080]]]
    points = point_set([point for group in groups for point in group])
    expected = sorted(np.mean(group, axis=0).tolist() for group in groups)
    assert sorted(wu_seeding(points, 3).tolist()) == expected


def test_wu_cuts_where_the_error_falls_most():
    """The first cut is the best of all cuts of one channel."""
    points = points_of(photo(30, 20))
    colors = coordinates(points)
    cuts = [
        np.split(np.argsort(colors[:, channel], kind="stable"), [at])
        for channel in range(3)
        for at in np.unique(np.sort(colors[:, channel]), return_index=True)[1][1:]
    ]
    errors = []
    for parts in cuts:
        error = 0.0
        for part in parts:
            mean = np.average(colors[part], axis=0, weights=points.weights[part])
            error += np.sum(points.weights[part, np.newaxis] * (colors[part] - mean) ** 2)
        errors.append(error)
    best = cuts[int(np.argmin(errors))]
    expected = [
        np.average(colors[part], axis=0, weights=points.weights[part]).tolist() for part in best
    ]
    np.testing.assert_allclose(sorted(wu_seeding(points, 2).tolist()), sorted(expected))


def test_wu_cuts_between_cells_only():
    """Points of one cell of 16 units stay together, wherever in it they lie."""
    points = point_set([[31], [32], [47], [48]])
    assert wu_seeding(points, 3).ravel().tolist() == [31, (32 + 47) / 2, 48]


def test_wu_adds_the_worst_points_where_it_cannot_cut():
    """Of two cells there are two boxes; then come the points with most of the squared error."""
    points = point_set([[0], [1], [15], [16], [18]])
    seeds = wu_seeding(points, 5).ravel().tolist()
    assert seeds == [16 / 3, 17, 15, 0, 1]
    assert wu_seeding(point_set([[0, 0], [7, 7]]), 2).tolist() == [[3.5, 3.5], [0, 0]]


def test_wu_starts_better_than_chance():
    """On a smooth picture Wu's error is below that of drawn seeds."""
    points = points_of(photo(96, 64))
    errors = {name: squared_error(points, f(points, 32, 1)) for name, f in SEEDINGS.items()}
    assert errors["wu"] < errors["k-means++"] < errors["random"]


@seedings
def test_many_seeds(seeding):
    """There may be more seeds than an 8-bit index holds."""
    points = points_of(picture(64, 48, 2000))
    assert len(np.unique(seeding(points, 1000, 0), axis=0)) == 1000
