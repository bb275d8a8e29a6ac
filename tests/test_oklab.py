"""Oklab: known colors, what comes back, and the same points on every machine."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from helpers import distance, noise

from kmcodec.quantizer import oklab as of_oklab
from kmcodec.quantizer.oklab import oklab_colors, oklab_points
from kmcodec.quantizer.space import SPACES


def round_trip(colors):
    """Colors from the points of some colors."""
    return SPACES["oklab"].to_colors(SPACES["oklab"].to_points(colors).astype(np.float64))


def oklab(color):
    """L, a and b of an opaque color, from its point."""
    lightness, a, b = SPACES["oklab"].to_points(np.array([color], np.uint8))[0].tolist()
    return lightness / 4080, a / 4080 - 0.4, b / 4080 - 0.4


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
    np.testing.assert_array_equal(round_trip(grays), grays)
    colored = np.repeat(grays, 3, axis=1)
    assert np.abs(round_trip(colored).astype(int) - colored).max() <= 1


def test_colors_come_back_from_oklab():
    """12 bits of L, a and b keep colors within a level, but for a few that are off by two."""
    colors = noise((50_000, 3))
    errors = np.abs(round_trip(colors).astype(int) - colors)
    assert errors.max() <= 3
    assert np.mean(errors > 1) < 1e-3
    assert np.mean(errors > 0) < 0.02


def test_oklab_with_alpha_comes_back():
    """Alpha is exact, and colors of at least half of it are within few levels."""
    colors = noise((50_000, 4))
    back = round_trip(colors)
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
    found = (of_oklab._cube_roots(values / 2.0**45) * 2.0**15).astype(np.int64)
    assert (found**3 <= values).all()
    assert ((found + 1) ** 3 > values).all()


def test_linear_levels_are_the_same_on_every_machine():
    """Each is the rounded true value, which lies far enough from half a unit for any libm."""
    for level, found in enumerate(of_oklab._LINEAR_LEVELS.tolist()):
        with localcontext(prec=50):
            value = Decimal(level) / 255
            if value <= Decimal("0.04045"):
                linear = value / Decimal("12.92")
            else:
                linear = ((value + Decimal("0.055")) / Decimal("1.055")) ** Decimal("2.4")
            units = linear * 2**30
            assert abs(units % 1 - Decimal("0.5")) > Decimal("1e-3")
            assert round(units) == found * 2**30
