"""Outliers: small vivid colors get an entry, and what has none loses nothing."""

import numpy as np
import pytest
from helpers import photo

import kmcodec
from kmcodec.quantizer.cloud import Cloud
from kmcodec.quantizer.histogram import Histogram
from kmcodec.quantizer.kmeans import weighted_kmeans
from kmcodec.quantizer.outliers import serve_outliers
from kmcodec.quantizer.seeding import wu_seeding
from kmcodec.quantizer.space import SPACES


def scene(share, color, seed=0, size=256):
    """Greens and browns, as of a meadow, with a square of noisy color of a share of the pixels."""
    rng = np.random.default_rng(seed)
    waves = [
        sum(np.sin(rng.uniform(2, 9, 2) @ np.indices((size, size)).reshape(2, -1) / size * 6 + turn)
            for turn in rng.uniform(0, 6, 4)).reshape(size, size)
        for _ in range(2)
    ]  # fmt: skip
    mix = 1 / (1 + np.exp(-waves[0]))[..., np.newaxis]
    pixels = mix * [60, 110, 40] + (1 - mix) * [120, 85, 50]
    pixels += 9 * waves[1][..., np.newaxis] + rng.normal(0, 6, (size, size, 1))
    side = round((share * size * size) ** 0.5)
    spot = slice(100, 100 + side)
    pixels[spot, spot] = color + rng.normal(0, 8, (side, side, 3))
    return pixels.clip(0, 255).astype(np.uint8), (spot, spot)


@pytest.mark.parametrize("share", [0.001, 0.0003])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("color", [(215, 25, 30), (30, 60, 230), (240, 220, 20)])
def test_a_small_vivid_color_survives(share, seed, color):
    """A thousandth, or less, of saturated color on greens and browns keeps an entry of its own."""
    pixels, spot = scene(share, color, seed)
    palette, indices = kmcodec.quantize(pixels, 16)
    shown = palette[indices[spot]].astype(int)

    assert np.abs(shown - color).mean() < 25


def cluster(pixels, k=16):
    """Cluster points from Wu's seeds, and return how to go on from centroids."""
    points = Cloud(Histogram.of(pixels), SPACES["blend"]).points

    def settle(centroids, iterations):
        return weighted_kmeans(points, centroids, iterations)

    return points, settle(wu_seeding(points, k), 30), settle


def test_outliers_cost_little():
    """The inertia rises by no more than 6 %, and the farthest color is nearer."""
    pixels, _ = scene(0.0003, (215, 25, 30))
    points, before, settle = cluster(pixels)
    after = serve_outliers(points, before, 0, settle)
    farthest = [
        np.max(np.sum((points.points[:, :3] - found.centroids[found.assignment]) ** 2.0, axis=1))
        for found in (before, after)
    ]

    assert after.inertia < 1.06 * before.inertia
    assert farthest[1] < farthest[0] / 4


def test_where_nothing_is_far_nothing_changes():
    """Pictures without outliers, and clusters too few to merge, stay as they are."""
    points, found, settle = cluster(photo(96, 64))
    assert serve_outliers(points, found, 0, settle) is found
    pixels, _ = scene(0.001, (215, 25, 30))
    points, found, settle = cluster(pixels, 2)
    assert serve_outliers(points, found, 0, settle) is found


def test_fixed_centroids_are_not_merged():
    """Those that are held stay, first and as they were."""
    pixels, _ = scene(0.0003, (215, 25, 30))
    points, _, _ = cluster(pixels)
    held = np.array([[0.0, 0, 0], [10, 10, 10], [20, 20, 20]])
    seeds = np.vstack((held, wu_seeding(points, 13)))

    def settle(centroids, iterations):
        return weighted_kmeans(points, centroids, iterations, fixed=3)

    before = settle(seeds, 30)
    after = serve_outliers(points, before, 3, settle)
    np.testing.assert_array_equal(after.centroids[:3], held)
    assert after is not before
