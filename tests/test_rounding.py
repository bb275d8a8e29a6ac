"""Centroids to entries of 8 bits: distinct, in use, and at little loss."""

import numpy as np
import pytest
from helpers import photo, picture
from hypothesis import given, settings
from hypothesis import strategies as st

import kmcodec
from kmcodec.quantizer.cloud import Cloud
from kmcodec.quantizer.histogram import Histogram
from kmcodec.quantizer.rounding import keep_pure, nudge_entries, round_centroids
from kmcodec.quantizer.space import SPACES

NONE = np.empty((0, 3), np.uint8)


def cloud_of(pixels, space="rgb"):
    """Return the colors of a picture as points."""
    return Cloud(Histogram.of(pixels), SPACES[space])


def error_of(cloud, palette):
    """Return the mean squared error of a palette in levels."""
    return cloud.loss(palette, cloud.map_nearest(palette)).mse


def assert_distinct_and_used(cloud, palette, fixed=0):
    """No entry stands twice, and all but the fixed ones are nearest to some color."""
    used = np.bincount(cloud.map_nearest(palette), minlength=len(palette)) > 0
    assert len(np.unique(palette, axis=0)) == len(palette)
    assert used[fixed:].all()


def test_centroids_are_rounded_to_the_nearest_level():
    """Where they are far apart, each entry is its centroid, rounded."""
    cloud = cloud_of(np.array([[[0, 0, 0], [100, 0, 0], [0, 200, 0]]], np.uint8))
    centroids = np.array([[7.9, 0, 0], [16 * 100 + 8.1, 0, 0], [0, 16 * 200 - 8.1, 0]])

    rounded = round_centroids(cloud, centroids, NONE)
    assert rounded.tolist() == [[0, 0, 0], [101, 0, 0], [0, 199, 0]]


@given(seed=st.integers(0, 999), k=st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_centroids_that_meet_become_other_colors(seed, k):
    """From centroids all alike there are still k entries, distinct and in use."""
    cloud = cloud_of(picture(8, 6, 20, seed=seed))
    palette = round_centroids(cloud, np.full((k, 3), 1234.5), NONE)

    assert palette.shape == (k, 3)
    assert_distinct_and_used(cloud, palette)


def test_fixed_entries_come_first_and_stay():
    """They are neither dropped when no color is near nor moved to where one is."""
    cloud = cloud_of(photo(40, 30))
    fixed = np.array([[255, 0, 255], [255, 0, 255]], np.uint8)
    centroids = np.vstack((fixed * 16.0, np.full((6, 3), 2000.0)))
    palette = round_centroids(cloud, centroids, fixed)
    nudged = nudge_entries(cloud, palette, fixed, 8)

    assert palette.shape == nudged.shape == (8, 3)
    assert palette[:2].tolist() == nudged[:2].tolist() == fixed.tolist()
    assert len(np.unique(palette[2:], axis=0)) == 6


def test_fewer_entries_where_no_error_is_left():
    """Colors that are one point, as all of alpha 0, need one entry."""
    cloud = cloud_of(np.array([[[1, 2, 3, 0], [4, 5, 6, 0], [9, 9, 9, 255]]], np.uint8))
    palette = round_centroids(cloud, np.zeros((3, 4)), np.empty((0, 4), np.uint8))

    assert sorted(palette[:, 3].tolist()) == [0, 255]


@pytest.mark.parametrize("k", [2, 16, 100])
def test_nudging_lowers_the_error(k):
    """Rounding some channels the other way gains, and more rounds gain no less."""
    cloud = cloud_of(photo(64, 48))
    start = round_centroids(
        cloud, cloud.points.points[:: len(cloud.points.points) // k, :3][:k] + 3.3, NONE
    )
    errors = []
    for rounds in (0, 2, 8):
        palette = nudge_entries(cloud, start, NONE, rounds)
        assert_distinct_and_used(cloud, palette)
        errors.append(error_of(cloud, palette))

    assert errors[0] == error_of(cloud, start)
    assert errors[0] > errors[1] >= errors[2]


@given(seed=st.integers(0, 999), k=st.integers(1, 20), rounds=st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_nudging_never_raises_the_error(seed, k, rounds):
    """On any picture the palette gets no worse, and stays distinct and in use."""
    cloud = cloud_of(picture(8, 6, 20, seed=seed) // 32)
    k = min(k, len(cloud.histogram.colors))
    start = round_centroids(cloud, np.full((k, 3), 40.0), NONE)
    palette = nudge_entries(cloud, start, NONE, rounds)

    assert_distinct_and_used(cloud, palette)
    assert error_of(cloud, palette) <= error_of(cloud, start)


def test_nudged_entries_move_by_single_levels():
    """One round moves an entry by one level of one channel at most."""
    cloud = cloud_of(photo(64, 48))
    start = round_centroids(cloud, cloud.points.points[::100, :3].astype(float), NONE)
    steps = nudge_entries(cloud, start, NONE, 1).astype(int) - start

    assert set(np.abs(steps).sum(axis=1)) == {0, 1}


@pytest.mark.parametrize("level", [0, 255])
def test_areas_of_black_and_white_stay_pure(level):
    """An entry that is nearest to them, and to little else, becomes pure; fixed ones stay."""
    pixels = photo(40, 40) // 2 + 60
    pixels[:20] = level
    near = (
        np.array([[[1, 1, 2]]], np.uint8) if level == 0 else np.array([[[254, 254, 253]]], np.uint8)
    )
    pixels[:1, :20] = near
    cloud = cloud_of(pixels)
    palette = np.vstack((near[0], [[90, 90, 90], [120, 130, 140]])).astype(np.uint8)

    assert keep_pure(cloud, palette, palette[:0])[0].tolist() == [level] * 3
    assert (keep_pure(cloud, palette, palette[:1]) == palette).all()
    assert (keep_pure(cloud, palette, palette[:0])[1:] == palette[1:]).all()


def test_a_little_black_does_not_make_an_entry_pure():
    """Where most of what it shows is of other colors, the entry is their mean."""
    pixels = np.full((20, 20, 3), 30, np.uint8)
    pixels[:9] = 0
    palette = np.array([[16, 16, 16], [200, 200, 200]], np.uint8)

    assert (keep_pure(cloud_of(pixels), palette, palette[:0]) == palette).all()


def test_pure_entries_are_not_doubled():
    """Black that is in the palette stays the only one."""
    pixels = np.zeros((8, 8, 3), np.uint8)
    palette = np.array([[0, 0, 0], [1, 1, 1]], np.uint8)

    assert (keep_pure(cloud_of(pixels), palette, palette[:0]) == palette).all()


@pytest.mark.parametrize("space", ["blend", "oklab"])
def test_pages_stay_white(space):
    """A scanned page of noisy ink on pure white comes back on pure white."""
    rng = np.random.default_rng(0)
    pixels = np.full((64, 64, 3), 255, np.uint8)
    ink = rng.random((64, 64)) < 0.3
    pixels[ink] = rng.integers(0, 250, (int(ink.sum()), 3))
    palette, indices = kmcodec.quantize(pixels, 8, space=space)

    assert (palette[indices][~ink] == 255).all()
