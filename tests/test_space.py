"""Spaces: colors become points whose distances count, and centroids become colors again."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from helpers import distance, noise

from kmcodec.quantizer.space import find_space, rgb_colors

spaces = pytest.mark.parametrize("name", ["blend", "rgb", "oklab"])


def corners(channels):
    """All colors of the lowest and highest levels."""
    return np.array(list(product((0, 255), repeat=channels)), np.uint8)


def round_trip(name, colors):
    """Colors from the points of some colors."""
    space = find_space(name, colors.shape[1])
    return space.to_colors(space.to_points(colors).astype(np.float64))


@spaces
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_points_have_12_bits(name, channels):
    """Every corner of the cube of colors, and what is inside, becomes a point of 0..4095."""
    colors = np.vstack((corners(channels), noise((5000, channels))))
    points = find_space(name, channels).to_points(colors)
    assert points.dtype == np.uint16
    assert points.shape == colors.shape
    assert points.max() <= 4095


@spaces
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_centroids_anywhere_become_colors(name, channels):
    """Whatever point a centroid comes to lie at, there is a color for it."""
    centroids = np.array(list(product((0.0, 0.25, 2000.0, 4095.0), repeat=channels)))
    colors = find_space(name, channels).to_colors(centroids)
    assert colors.dtype == np.uint8
    assert colors.shape == centroids.shape


@spaces
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_no_colors_are_no_points(name, channels):
    """Empty arrays pass through."""
    none = np.empty((0, channels), np.uint8)
    assert find_space(name, channels).to_points(none).shape == (0, channels)
    assert round_trip(name, none).shape == (0, channels)


@pytest.mark.parametrize("channels", [1, 3])
def test_rgb_points_are_levels(channels):
    """Without alpha, a point is 16 times the color."""
    colors = noise((1000, channels))
    np.testing.assert_array_equal(find_space("rgb", 3).to_points(colors), 16 * colors.astype(int))


def test_rgb_keeps_opaque_colors():
    """Colors come back from their points as they were, all levels of them."""
    grays = np.arange(256, dtype=np.uint8)
    assert round_trip("rgb", grays[:, np.newaxis]).ravel().tolist() == list(range(256))
    colors = np.vstack((corners(3), noise((50_000, 3))))
    np.testing.assert_array_equal(round_trip("rgb", colors), colors)


def test_rgb_centroids_are_rounded_to_levels():
    """A centroid becomes the nearest level of each channel."""
    assert rgb_colors(np.array([[7.9, 8.1, 4080.0]])).tolist() == [[0, 1, 255]]
    assert rgb_colors(np.array([[4095.0]])).tolist() == [[255]]


@spaces
@pytest.mark.parametrize("channels", [2, 4])
def test_distances_are_those_on_black_and_on_white(name, channels):
    """With alpha, a squared distance is the mean of two: of colors laid on black, and on white."""
    to_points = find_space(name, channels).to_points
    colors = np.vstack((corners(channels), noise((2000, channels))))
    alpha = colors[:, -1:] / 255
    opaque = to_points(colors[:, :-1]).astype(float)
    squares = []
    for ground in (0, 255):
        behind = to_points(np.full((1, channels - 1), ground, np.uint8)).astype(float)
        laid = opaque * alpha + behind * (1 - alpha)
        squares.append(np.sum((laid[1:] - laid[:-1]) ** 2, axis=1))
    points = to_points(colors).astype(float)
    distances = np.linalg.norm(points[1:] - points[:-1], axis=1)

    np.testing.assert_allclose(distances, np.sqrt(np.mean(squares, axis=0)), rtol=1e-3, atol=2)


@spaces
@pytest.mark.parametrize("channels", [2, 4])
def test_straight_points_are_of_colors_whatever_their_alpha(name, channels):
    """Alpha is a channel as the others, and colors of alpha 0 are told apart."""
    straight = replace(find_space(name, channels), straight=True)
    colors = np.vstack((corners(channels), noise((2000, channels))))
    points = straight.to_points(colors)

    np.testing.assert_array_equal(
        points[:, :-1], find_space(name, channels).to_points(colors[:, :-1])
    )
    np.testing.assert_array_equal(points[:, -1], 16 * colors[:, -1].astype(int))
    back = straight.to_colors(points.astype(float))
    np.testing.assert_array_equal(back[:, -1], colors[:, -1])
    np.testing.assert_array_equal(back[:, :-1], round_trip(name, colors[:, :-1]))


@spaces
@pytest.mark.parametrize("straight", [False, True])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_ends_are_what_points_of_alpha_0_and_255_share(name, straight, channels):
    """They are exact, and no other points have their alpha; without alpha there are none."""
    space = replace(find_space(name, channels), straight=straight)
    ends = space.find_ends(channels)
    assert ends.shape == (2 if channels in {2, 4} else 0, channels)
    for end, alpha in zip(ends, (0, 255), strict=False):
        colors = noise((500, channels))
        colors[:, -1] = alpha
        points = space.to_points(colors)
        shared = (points == points[0]).all(axis=0)
        np.testing.assert_array_equal(~np.isnan(end), shared)
        np.testing.assert_array_equal(points[0, shared], end[shared])
        assert (space.to_points(noise((500, channels)) // 2 + 1)[:, -1] != end[-1]).all()


@spaces
@pytest.mark.parametrize("channels", [2, 4])
def test_colors_of_alpha_0_are_one(name, channels):
    """What cannot be seen is one point, which comes back as black of alpha 0."""
    colors = np.vstack((corners(channels), noise((200, channels))))
    colors[:, -1] = 0
    points = find_space(name, channels).to_points(colors)
    assert len(np.unique(points, axis=0)) == 1
    assert not round_trip(name, colors).any()


def test_rgb_with_alpha_comes_back_within_rounding():
    """Alpha is exact; a color is wrong by what half a unit is after dividing by alpha."""
    colors = noise((50_000, 4))
    colors = colors[colors[:, 3] > 0]
    alpha = colors[:, 3:].astype(float)
    back = round_trip("rgb", colors)
    np.testing.assert_array_equal(back[:, 3], colors[:, 3])
    errors = np.abs(back[:, :3].astype(int) - colors[:, :3])
    assert (errors <= 0.5 + 255 / 32 / alpha).all()
    assert not errors[colors[:, 3] >= 16].any()


@spaces
@pytest.mark.parametrize("channels", [1, 3])
def test_alpha_255_is_opaque(name, channels):
    """Colors of alpha 255 are the points, and come back as the colors, that they are without."""
    colors = noise((5000, channels))
    opaque = np.column_stack((colors, np.full(len(colors), 255, np.uint8)))
    points = find_space(name, channels).to_points(opaque)
    np.testing.assert_array_equal(points[:, :-1], find_space(name, channels).to_points(colors))
    assert len(np.unique(points[:, -1])) == 1
    back = round_trip(name, opaque)
    np.testing.assert_array_equal(back[:, :-1], round_trip(name, colors))
    assert (back[:, -1] == 255).all()


@spaces
def test_what_shows_less_counts_less(name):
    """Two colors are half as far apart at half the alpha."""
    red, blue = (255, 0, 0), (0, 0, 255)
    whole = distance(find_space(name, 4).to_points, (*red, 255), (*blue, 255))
    half = distance(find_space(name, 4).to_points, (*red, 128), (*blue, 128))
    assert half == pytest.approx(whole * 128 / 255, rel=1e-3)


def test_gray_needs_no_blend():
    """Pictures of one channel are compared as they are stored, unless in Oklab."""
    for channels in (1, 2):
        assert find_space("blend", channels) == find_space("rgb", channels)
    assert find_space("blend", 3) != find_space("rgb", 3)
