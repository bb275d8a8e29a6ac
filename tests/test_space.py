"""Spaces: colors become points whose distances count, and centroids become colors again."""

from dataclasses import replace
from decimal import Decimal, localcontext
from itertools import product

import numpy as np
import pytest

from kmcodec.quantizer import space
from kmcodec.quantizer.space import SPACES, oklab_colors, oklab_points, rgb_colors

spaces = pytest.mark.parametrize("name", ["rgb", "oklab"])


def noise(count, channels, seed=0):
    """Random colors."""
    return np.random.default_rng(seed).integers(0, 256, (count, channels), dtype=np.uint8)


def corners(channels):
    """All colors of the lowest and highest levels."""
    return np.array(list(product((0, 255), repeat=channels)), np.uint8)


def round_trip(name, colors):
    """Colors from the points of some colors."""
    return SPACES[name].to_colors(SPACES[name].to_points(colors).astype(np.float64))


def distance(to_points, first, second):
    """Of the points of two colors."""
    points = to_points(np.array([first, second], np.uint8)).astype(float)
    return float(np.linalg.norm(points[0] - points[1]))


def oklab(color):
    """L, a and b of an opaque color, from its point."""
    lightness, a, b = SPACES["oklab"].to_points(np.array([color], np.uint8))[0].tolist()
    return lightness / 4080, a / 4080 - 0.4, b / 4080 - 0.4


@spaces
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_points_have_12_bits(name, channels):
    """Every corner of the cube of colors, and what is inside, becomes a point of 0..4095."""
    colors = np.vstack((corners(channels), noise(5000, channels)))
    points = SPACES[name].to_points(colors)
    assert points.dtype == np.uint16
    assert points.shape == colors.shape
    assert points.max() <= 4095


@spaces
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_centroids_anywhere_become_colors(name, channels):
    """Whatever point a centroid comes to lie at, there is a color for it."""
    centroids = np.array(list(product((0.0, 0.25, 2000.0, 4095.0), repeat=channels)))
    colors = SPACES[name].to_colors(centroids)
    assert colors.dtype == np.uint8
    assert colors.shape == centroids.shape


@spaces
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_no_colors_are_no_points(name, channels):
    """Empty arrays pass through."""
    none = np.empty((0, channels), np.uint8)
    assert SPACES[name].to_points(none).shape == (0, channels)
    assert round_trip(name, none).shape == (0, channels)


@pytest.mark.parametrize("channels", [1, 3])
def test_rgb_points_are_levels(channels):
    """Without alpha, a point is 16 times the color."""
    colors = noise(1000, channels)
    np.testing.assert_array_equal(SPACES["rgb"].to_points(colors), 16 * colors.astype(int))


def test_rgb_keeps_opaque_colors():
    """Colors come back from their points as they were, all levels of them."""
    grays = np.arange(256, dtype=np.uint8)
    assert round_trip("rgb", grays[:, np.newaxis]).ravel().tolist() == list(range(256))
    colors = np.vstack((corners(3), noise(50_000, 3)))
    np.testing.assert_array_equal(round_trip("rgb", colors), colors)


def test_rgb_centroids_are_rounded_to_levels():
    """A centroid becomes the nearest level of each channel."""
    assert rgb_colors(np.array([[7.9, 8.1, 4080.0]])).tolist() == [[0, 1, 255]]
    assert rgb_colors(np.array([[4095.0]])).tolist() == [[255]]


@spaces
@pytest.mark.parametrize("channels", [2, 4])
def test_distances_are_those_on_black_and_on_white(name, channels):
    """With alpha, a squared distance is the mean of two: of colors laid on black, and on white."""
    to_points = SPACES[name].to_points
    colors = np.vstack((corners(channels), noise(2000, channels)))
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
    straight = replace(SPACES[name], straight=True)
    colors = np.vstack((corners(channels), noise(2000, channels)))
    points = straight.to_points(colors)

    np.testing.assert_array_equal(points[:, :-1], SPACES[name].to_points(colors[:, :-1]))
    np.testing.assert_array_equal(points[:, -1], 16 * colors[:, -1].astype(int))
    back = straight.to_colors(points.astype(float))
    np.testing.assert_array_equal(back[:, -1], colors[:, -1])
    np.testing.assert_array_equal(back[:, :-1], round_trip(name, colors[:, :-1]))


@spaces
@pytest.mark.parametrize("straight", [False, True])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_ends_are_what_points_of_alpha_0_and_255_share(name, straight, channels):
    """They are exact, and no other points have their alpha; without alpha there are none."""
    space = replace(SPACES[name], straight=straight)
    ends = space.find_ends(channels)
    assert ends.shape == (2 if channels in {2, 4} else 0, channels)
    for end, alpha in zip(ends, (0, 255), strict=False):
        colors = noise(500, channels)
        colors[:, -1] = alpha
        points = space.to_points(colors)
        shared = (points == points[0]).all(axis=0)
        np.testing.assert_array_equal(~np.isnan(end), shared)
        np.testing.assert_array_equal(points[0, shared], end[shared])
        assert (space.to_points(noise(500, channels) // 2 + 1)[:, -1] != end[-1]).all()


@spaces
@pytest.mark.parametrize("channels", [2, 4])
def test_colors_of_alpha_0_are_one(name, channels):
    """What cannot be seen is one point, which comes back as black of alpha 0."""
    colors = np.vstack((corners(channels), noise(200, channels)))
    colors[:, -1] = 0
    points = SPACES[name].to_points(colors)
    assert len(np.unique(points, axis=0)) == 1
    assert not round_trip(name, colors).any()


def test_rgb_with_alpha_comes_back_within_rounding():
    """Alpha is exact; a color is wrong by what half a unit is after dividing by alpha."""
    colors = noise(50_000, 4)
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
    colors = noise(5000, channels)
    opaque = np.column_stack((colors, np.full(len(colors), 255, np.uint8)))
    points = SPACES[name].to_points(opaque)
    np.testing.assert_array_equal(points[:, :-1], SPACES[name].to_points(colors))
    assert len(np.unique(points[:, -1])) == 1
    back = round_trip(name, opaque)
    np.testing.assert_array_equal(back[:, :-1], round_trip(name, colors))
    assert (back[:, -1] == 255).all()


@spaces
def test_what_shows_less_counts_less(name):
    """Two colors are half as far apart at half the alpha."""
    red, blue = (255, 0, 0), (0, 0, 255)
    whole = distance(SPACES[name].to_points, (*red, 255), (*blue, 255))
    half = distance(SPACES[name].to_points, (*red, 128), (*blue, 128))
    assert half == pytest.approx(whole * 128 / 255, rel=1e-3)


@pytest.mark.parametrize(
    ("color", "expected"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((255, 255, 255), (1, 0, 0)),
        ((255, 0, 0), (0.62796, 0.22486, 0.12585)),
        ((0, 255, 0), (0.86644, -0.23389, 0.17950)),
        ((0, 0, 255), (0.45201, -0.03246, -0.31153)),
    ],
)
def test_oklab_of_known_colors(color, expected):
    """Points are the published L, a and b, but for rounding."""
    assert oklab(color) == pytest.approx(expected, abs=2e-4)


def test_gray_is_the_lightness_of_oklab():
    """Pictures of one channel have L alone, that of RGB grays."""
    grays = np.arange(256, dtype=np.uint8)[:, np.newaxis]
    to_points = SPACES["oklab"].to_points
    colored = to_points(np.repeat(grays, 3, axis=1)).astype(int)
    lightness = to_points(grays).astype(int)
    assert np.abs(lightness[:, 0] - colored[:, 0]).max() <= 1
    assert np.abs(colored[:, 1:] - 1632).max() <= 1  # 0.4 * 4080: neither a nor b
    assert lightness[[0, 255], 0].tolist() == [0, 4080]


def test_gray_comes_back_from_oklab():
    """All grays are kept exactly, as one channel and as three."""
    grays = np.arange(256, dtype=np.uint8)[:, np.newaxis]
    np.testing.assert_array_equal(round_trip("oklab", grays), grays)
    colored = np.repeat(grays, 3, axis=1)
    assert np.abs(round_trip("oklab", colored).astype(int) - colored).max() <= 1


def test_colors_come_back_from_oklab():
    """12 bits of L, a and b keep colors within a level, but for a few that are off by two."""
    colors = noise(50_000, 3)
    errors = np.abs(round_trip("oklab", colors).astype(int) - colors)
    assert errors.max() <= 3
    assert np.mean(errors > 1) < 1e-3
    assert np.mean(errors > 0) < 0.02


def test_oklab_with_alpha_comes_back():
    """Alpha is exact, and colors of at least half of it are within few levels."""
    colors = noise(50_000, 4)
    back = round_trip("oklab", colors)
    np.testing.assert_array_equal(back[:, 3], colors[:, 3])
    errors = np.abs(back[:, :3].astype(int) - colors[:, :3])
    assert errors[colors[:, 3] >= 128].max() <= 6


def test_oklab_out_of_gamut_is_brought_into_it():
    """Points that no color has become levels of 0..255, as far as these go."""
    lightest = np.array([[4095.0, 1632.0, 1632.0]])
    assert oklab_colors(lightest).tolist() == [[255, 255, 255]]
    greener_than_green = oklab_points(np.array([[0, 255, 0]], np.uint8)) - [[0, 400, 0]]
    assert oklab_colors(greener_than_green.astype(np.float64))[0, :2].tolist() == [0, 255]


def test_oklab_distances_follow_perception():
    """What looks more different is farther apart, where levels differ by as much."""
    rgb, oklab = SPACES["rgb"].to_points, SPACES["oklab"].to_points
    gray, greener, bluer = (100, 100, 100), (100, 130, 100), (100, 100, 130)
    assert distance(rgb, gray, greener) == distance(rgb, gray, bluer)
    assert distance(oklab, gray, greener) > 1.5 * distance(oklab, gray, bluer)
    dark, light = distance(oklab, (10,) * 3, (20,) * 3), distance(oklab, (235,) * 3, (245,) * 3)
    assert dark > 1.3 * light


def test_only_rgb_tells_all_opaque_colors_apart():
    """Neighbors are different points in RGB, while some are one point in Oklab."""
    blues = np.array([[200, 250, level] for level in range(256)], np.uint8)
    assert len(np.unique(SPACES["rgb"].to_points(blues), axis=0)) == 256
    assert len(np.unique(SPACES["oklab"].to_points(blues), axis=0)) < 256


def test_cube_roots_are_exact():
    """Roots are the largest integers whose cubes are not larger, next to cubes as well."""
    rng = np.random.default_rng(0)
    roots = np.concatenate((np.arange(300), rng.integers(0, 2**15, 20_000), [2**15]))
    beside = [roots**3 + step for step in (-1, 0, 1)]
    values = np.concatenate((*beside, rng.integers(0, 2**45, 20_000))).clip(0, 2**45)
    found = (space._cube_roots(values / 2.0**45) * 2.0**15).astype(np.int64)
    assert (found**3 <= values).all()
    assert ((found + 1) ** 3 > values).all()


def test_linear_levels_are_the_same_on_every_machine():
    """Each is the rounded true value, which lies far enough from half a unit for any libm."""
    for level, found in enumerate(space._LINEAR_LEVELS.tolist()):
        with localcontext(prec=50):
            value = Decimal(level) / 255
            if value <= Decimal("0.04045"):
                linear = value / Decimal("12.92")
            else:
                linear = ((value + Decimal("0.055")) / Decimal("1.055")) ** Decimal("2.4")
            units = linear * 2**30
            assert abs(units % 1 - Decimal("0.5")) > Decimal("1e-3")
            assert round(units) == found * 2**30
