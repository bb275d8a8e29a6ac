"""Seedings: k distinct places to start from, the same on every run."""

import numpy as np
import pytest
from helpers import photo, picture
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from kmcodec.histogram import Histogram
from kmcodec.quantize.seeding import (
    SEEDINGS,
    kmeanspp_seeding,
    random_seeding,
    wu_seeding,
)

histograms = st.integers(1, 4).flatmap(
    lambda channels: npst.arrays(
        np.uint8,
        st.tuples(st.integers(1, 8), st.integers(1, 8), st.just(channels)),
        elements=st.one_of(st.integers(0, 5), st.integers(0, 255)),
    ).map(Histogram.of)
)
seedings = pytest.mark.parametrize("seeding", SEEDINGS.values(), ids=SEEDINGS.keys())


def squared_error(histogram, centroids):
    """The squared error of mapping every pixel to its nearest centroid."""
    distances = np.sum((histogram.colors[:, np.newaxis].astype(float) - centroids) ** 2, axis=2)
    return np.sum(histogram.counts * distances.min(axis=1))


@seedings
@given(histogram=histograms, data=st.data())
@settings(max_examples=60)
def test_as_many_seeds_as_asked_for(seeding, histogram, data):
    """Any k up to the number of colors gives k distinct seeds among the colors' range."""
    k = data.draw(st.integers(1, len(histogram.colors)))
    seeds = seeding(histogram, k, 7)
    assert seeds.shape == (k, histogram.colors.shape[1])
    assert seeds.dtype == np.float64
    assert len(np.unique(seeds, axis=0)) == k
    assert (seeds >= histogram.colors.min(axis=0)).all()
    assert (seeds <= histogram.colors.max(axis=0)).all()


@seedings
@given(histogram=histograms)
@settings(max_examples=30)
def test_as_many_seeds_as_colors_are_the_colors(seeding, histogram):
    """With k equal to the number of colors, the seeds are these."""
    seeds = seeding(histogram, len(histogram.colors), 3)
    np.testing.assert_array_equal(np.unique(seeds, axis=0), histogram.colors)


@seedings
def test_same_seed_same_seeds(seeding):
    """A seeding repeats itself."""
    histogram = Histogram.of(photo(60, 40))
    np.testing.assert_array_equal(seeding(histogram, 20, 5), seeding(histogram, 20, 5))


@pytest.mark.parametrize("seeding", [random_seeding, kmeanspp_seeding])
def test_another_seed_draws_others(seeding):
    """The seed decides what is drawn."""
    histogram = Histogram.of(photo(60, 40))
    assert not np.array_equal(seeding(histogram, 20, 1), seeding(histogram, 20, 2))


def test_random_draws_are_fixed():
    """Draws are the same under every version of NumPy."""
    histogram = Histogram.of(np.arange(256, dtype=np.uint8).reshape(16, 16, 1))
    assert random_seeding(histogram, 6, 0).ravel().tolist() == [95, 33, 184, 29, 59, 78]
    assert kmeanspp_seeding(histogram, 6, 0).ravel().tolist() == [95, 201, 37, 169, 131, 227]


def test_random_seeds_are_drawn_by_count():
    """A color of nine pixels in ten is drawn first nine times in ten."""
    histogram = Histogram(np.array([[0], [9]], np.uint8), np.array([100, 900]))
    first = [random_seeding(histogram, 1, seed)[0, 0] for seed in range(1000)]
    assert 860 <= first.count(9) <= 940


def test_kmeanspp_seeds_are_drawn_by_squared_distance():
    """After 0, a color at distance 3 is drawn nine times as often as one at distance 1."""
    histogram = Histogram(np.array([[0], [1], [3]], np.uint8), np.array([10**9, 1, 1]))
    pairs = [kmeanspp_seeding(histogram, 2, seed).ravel().tolist() for seed in range(1000)]
    assert all(first == 0 for first, _ in pairs)
    assert 860 <= sum(second == 3 for _, second in pairs) <= 940


def test_wu_parts_what_lies_apart():
    """Well separated groups get one seed each, their mean."""
    groups = [[[10, 10, 10], [12, 10, 10]], [[200, 0, 0], [200, 4, 0]], [[0, 0, 255]]]
    histogram = Histogram.of(np.array([[color for group in groups for color in group]], np.uint8))
    expected = sorted(np.mean(group, axis=0).tolist() for group in groups)
    assert sorted(wu_seeding(histogram, 3).tolist()) == expected


def test_wu_cuts_where_the_error_falls_most():
    """The first cut is the best of all cuts of one channel."""
    histogram = Histogram.of(photo(30, 20))
    cuts = [
        np.split(np.argsort(histogram.colors[:, channel], kind="stable"), [at])
        for channel in range(3)
        for at in np.unique(np.sort(histogram.colors[:, channel]), return_index=True)[1][1:]
    ]
    errors = []
    for parts in cuts:
        error = 0.0
        for part in parts:
            colors, counts = histogram.colors[part].astype(float), histogram.counts[part]
            mean = np.average(colors, axis=0, weights=counts)
            error += np.sum(counts[:, np.newaxis] * (colors - mean) ** 2)
        errors.append(error)
    best = cuts[int(np.argmin(errors))]
    expected = [
        np.average(histogram.colors[part], axis=0, weights=histogram.counts[part]).tolist()
        for part in best
    ]
    np.testing.assert_allclose(sorted(wu_seeding(histogram, 2).tolist()), sorted(expected))


def test_wu_starts_better_than_chance():
    """On a smooth picture Wu's error is below that of drawn seeds."""
    histogram = Histogram.of(photo(96, 64))
    errors = {name: squared_error(histogram, f(histogram, 32, 1)) for name, f in SEEDINGS.items()}
    assert errors["wu"] < errors["k-means++"] < errors["random"]


@seedings
def test_many_seeds(seeding):
    """There may be more seeds than an 8-bit index holds."""
    histogram = Histogram.of(picture(64, 48, 2000, channels=4))
    assert len(np.unique(seeding(histogram, 1000, 0), axis=0)) == 1000
