"""The space between RGB and Oklab: what it is between, and that all colors come back."""

from itertools import product

import numpy as np
from helpers import noise

from kmcodec.quantizer.blend import _TURNED, _UNIT, blend_colors, blend_points
from kmcodec.quantizer.oklab import _LAB, oklab_points


def test_oklab_is_only_turned():
    """The part of Oklab has the distances of Oklab: the matrix differs by a rotation."""
    turn = np.array(_TURNED) @ np.linalg.inv(_LAB)

    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=2e-4)


def test_distances_are_near_those_of_all_six_coordinates():
    """It is about the root of 2 times that in RGB and Oklab together, as axes lie along another."""
    colors = noise((20_000, 3))
    near = (colors + np.random.default_rng(1).integers(-9, 10, colors.shape)).clip(0, 255)
    rgb = (near - colors.astype(float)) / 255
    oklab = (oklab_points(near.astype(np.uint8)) - oklab_points(colors)) / 4080
    together = np.sqrt((rgb**2).sum(axis=1) + (oklab**2).sum(axis=1))
    found = np.linalg.norm(blend_points(near.astype(np.uint8)) - blend_points(colors), axis=1)

    ratios = found[together > 0] / _UNIT / together[together > 0]
    assert ratios.max() < 1.42  # the root of 2, and what is rounded
    assert np.median(ratios) > 1.25
    assert np.percentile(ratios, 1) > 1.05


def test_points_are_in_range():
    """Points have 12 bits, and make use of them."""
    ends = np.array(list(product((0, 255), repeat=3)), np.uint8)
    points = blend_points(np.vstack((ends, noise((50_000, 3)))))

    assert points.min() == 0
    assert 4000 < points.max() < 4095


def test_all_colors_come_back():
    """Rounded to 12 bits, a point is that of its color: dark ones, the cube's corners and any."""
    dark = np.array(list(product(range(12), repeat=3)), np.uint8)
    ends = np.array(list(product((0, 1, 2, 128, 253, 254, 255), repeat=3)), np.uint8)
    colors = np.vstack((dark, ends, noise((20_000, 3))))

    np.testing.assert_array_equal(blend_colors(np.rint(blend_points(colors))), colors)


def test_points_between_colors_become_the_nearest():
    """Nothing in the neighborhood of what is found is nearer."""
    colors = noise((300, 3))
    points = (blend_points(colors) + blend_points(noise((300, 3), seed=1))) / 2
    found = blend_colors(points)
    least = np.linalg.norm(blend_points(found) - points, axis=1)
    for offset in product((-2, -1, 0, 1, 2), repeat=3):
        others = (found + np.array(offset)).clip(0, 255).astype(np.uint8)
        assert (np.linalg.norm(blend_points(others) - points, axis=1) >= least - 1e-9).all()


def test_points_of_no_color_are_brought_into_gamut():
    """Points that no color has become the nearest one there is."""
    assert blend_colors(np.array([[4095.0] * 3])).tolist() == [[255, 255, 255]]
    assert blend_colors(np.zeros((1, 3))).tolist() == [[0, 0, 0]]
    assert blend_colors(np.empty((0, 3))).shape == (0, 3)
