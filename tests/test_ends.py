"""What is transparent stays transparent, and what is opaque opaque, in all that follows."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import may_show, picture
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import kmcodec
from kmcodec.quantizer.cloud import Cloud
from kmcodec.quantizer.ends import FREE, OPAQUE, TRANSPARENT, Ends
from kmcodec.quantizer.histogram import Histogram
from kmcodec.quantizer.kmeans import weighted_kmeans
from kmcodec.quantizer.points import snap
from kmcodec.quantizer.space import SPACES

SIDE = 40


def disc(seed=0):
    """Draw a shaded disc with soft edges and a soft shadow, on nothing: (SIDE, SIDE, 4)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:SIDE, 0:SIDE] - SIDE / 2
    cover = (11.5 - np.hypot(x, y)).clip(0, 1)
    shadow = 0.6 * (1 - (np.hypot(x - 3, y - 4) - 9) / 7).clip(0, 1)
    alpha = cover + (1 - cover) * shadow
    shade = (x + y + SIDE)[..., np.newaxis] / (2 * SIDE)
    color = rng.integers(0, 256, 3) * shade + rng.integers(0, 256, 3) * (1 - shade)
    color *= (cover / np.maximum(alpha, 1e-9))[..., np.newaxis]
    return np.dstack((color, 255 * alpha)).clip(0, 255).round().astype(np.uint8)


def cloud_of(pixels, space="rgb"):
    """Return the colors of a picture as points."""
    return Cloud(Histogram.of(pixels), SPACES[space])


def alphas(image):
    """Return the alpha of each pixel of a picture or of a result."""
    if isinstance(image, kmcodec.Quantized):
        image = image.palette[image.indices]
    elif isinstance(image, Image.Image):
        image = np.asarray(image.convert("RGBA"))
    return image[..., -1]


def assert_ends_are_kept(source, result):
    """All pixels of alpha 0 and of 255 have it in the result."""
    before, after = alphas(source), alphas(result)
    assert (before == 0).any()
    assert (before == 255).any()
    assert (after[before == 0] == 0).all()
    assert (after[before == 255] == 255).all()


def in_mode(pixels, mode):
    """Return the picture in a mode of Pillow's, or as an array."""
    if mode == "LA":
        return np.ascontiguousarray(pixels[..., [1, 3]])
    if mode == "RGBA":
        return pixels
    colors = Image.fromarray(pixels[..., :3]).quantize(200)
    if mode == "PA":
        colors.putalpha(Image.fromarray(pixels[..., 3]))
        return colors
    colors.info["transparency"] = (
        np.resize([0, 9, 90, 200, 254, 255, 255], 256).astype("u1").tobytes()
    )
    return colors


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "PA"])
@pytest.mark.parametrize("colors", [2, 3, 5, 16])
@pytest.mark.parametrize("space", SPACES)
def test_ends_are_kept_in_every_mode(mode, colors, space):
    """From two colors on, no background gets a veil and nothing opaque a hole."""
    image = in_mode(disc(), mode)
    quantized = kmcodec.quantize(image, colors, space=space)

    assert_ends_are_kept(image, quantized)
    assert len(quantized.palette) == colors
    with_file = kmcodec.decode(kmcodec.encode(image, colors, space=space))
    assert_ends_are_kept(image, with_file)


@pytest.mark.parametrize("colors", [2, 7])
@pytest.mark.parametrize(
    "options",
    [
        {"weighting": "roots"},
        {"seeding": "wu"},
        {"seeding": "k-means++", "seed": 3},
        {"seeding": "random", "iterations": 1},
        {"speed": 2},
        {"speed": 10},
        {"rate": 30},
        {"rate": 10_000, "space": "oklab"},
        {"dither": 1},
        {"dither": 0.5, "space": "oklab"},
        {"dither": 1, "dithering": "ordered"},
        {"keep_hidden": True},
        {"keep_hidden": True, "rate": 30},
        {"keep_hidden": True, "dither": 1},
        {"importance": disc(1)[..., 0]},
        {"psnr": 12},
        {"fixed": ["#123456", "#ff000080"]},
        {"fixed": [(0, 0, 0, 0), (9, 9, 9, 255)]},
    ],
    ids=str,
)
def test_ends_are_kept_under_every_option(options, colors):
    """However colors are chosen, and pixels mapped to them."""
    colors += len(options.get("fixed", []))
    assert_ends_are_kept(disc(), kmcodec.quantize(disc(), colors, **options))


@pytest.mark.parametrize("options", [{}, {"rate": 30}, {"dither": 1}], ids=str)
def test_ends_are_kept_in_several_pictures(options):
    """One palette for all keeps those of each."""
    pictures = [disc(seed) for seed in range(3)]
    for source, quantized in zip(
        pictures, kmcodec.quantize_many(pictures, 5, **options), strict=True
    ):
        assert_ends_are_kept(source, quantized)


@given(
    seed=st.integers(0, 9999),
    colors=st.integers(2, 12),
    levels=st.sampled_from([[0, 255], [0, 1, 254, 255], [0, 255, 128], list(range(256))]),
    channels=st.sampled_from([2, 4]),
    space=st.sampled_from(sorted(SPACES)),
    keep_hidden=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_ends_are_kept_in_any_picture(seed, colors, levels, channels, space, keep_hidden):
    """Noise has its ends too, few of them or many."""
    pixels = picture(9, 7, 63, channels, seed)
    pixels[..., -1] = np.random.default_rng(seed).choice(levels, (7, 9))
    quantized = kmcodec.quantize(pixels, colors, space=space, keep_hidden=keep_hidden, speed=9)
    before, after = alphas(pixels), alphas(quantized)

    assert (after[before == 0] == 0).all()
    assert (after[before == 255] == 255).all()


def test_two_colors_are_one_of_each_end():
    """A disc on nothing is one opaque color, and one transparent one."""
    palette = kmcodec.quantize(disc(), 2).palette

    assert sorted(palette[:, 3].tolist()) == [0, 255]


def test_a_palette_without_ends_is_mapped_to_as_it_is():
    """Where the caller gives no entry of alpha 0 or 255, pixels get the nearest."""
    pixels = np.array([[[200, 0, 0, 255], [0, 0, 0, 0], [0, 0, 200, 90]]], np.uint8)
    half = [(200, 0, 0, 128), (0, 0, 200, 128)]

    assert kmcodec.quantize(pixels, palette=half).indices[0, [0, 2]].tolist() == [0, 1]
    with_ends = kmcodec.quantize(pixels, palette=[*half, (0, 200, 0, 255), (1, 1, 1, 0)])
    assert with_ends.indices.tolist() == [[2, 3, 1]]


@pytest.mark.parametrize("straight", [False, True])
def test_points_may_have_centroids_of_their_end_alone(straight):
    """Others may have any; where there is none of an end, so may all."""
    space = SPACES["rgb"] if not straight else replace(SPACES["rgb"], straight=True)
    colors = picture(20, 10, 200, 4).reshape(-1, 4)
    colors[:60, 3], colors[60:120, 3] = 0, 255
    cloud = Cloud(Histogram.of(colors[np.newaxis]), space)
    for palette in (colors[::13], colors[:150:13], colors[120::5]):
        allowed = may_show(cloud.histogram.colors, palette)
        points, entries = (
            space.to_points(values).astype(int) for values in (cloud.histogram.colors, palette)
        )
        distances = np.sum((points[:, np.newaxis] - entries) ** 2, axis=2)
        expected = np.where(allowed, distances, np.iinfo(int).max).argmin(axis=1)
        np.testing.assert_array_equal(cloud.assign(palette)[cloud.places], expected)


def kmeans_by_hand(cloud, seeds, iterations):
    """Run K-Means with ends, one point after the other: the plain form."""
    points, weights = cloud.points.points[:, :4].astype(float), cloud.points.weights
    ends = cloud.space.find_ends(4)
    kinds = [(0 if p == ends[0, 3] else 1 if p == ends[1, 3] else None) for p in points[:, 3]]
    centroids = snap(seeds)
    for _ in range(iterations):
        assignment = []
        for point, kind in zip(points, kinds, strict=True):
            own = [
                j
                for j in range(len(centroids))
                if kind is not None and centroids[j, 3] == ends[kind, 3]
            ]
            distances = np.sum((centroids - point) ** 2, axis=1)
            assignment.append(min(own or range(len(centroids)), key=lambda j: distances[j]))
        for j in range(len(centroids)):
            own = [i for i, cluster in enumerate(assignment) if cluster == j]
            mean = snap(
                np.sum(points[own] * weights[own, np.newaxis], axis=0) / np.sum(weights[own])
            )
            for kind in {kinds[i] for i in own} - {None}:
                mean = np.where(np.isnan(ends[kind]), mean, ends[kind])
            centroids[j] = mean
    return centroids, assignment


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("k", [4, 9])
def test_kmeans_with_ends_is_that_of_the_plain_form(space, k):
    """To the last bit; and no iteration raises the inertia."""
    cloud = cloud_of(disc()[::2, ::2], space)
    seeds = cloud.ends.settle_seeds(
        cloud.points.points[:: len(cloud.points.points) // k][:k] + 0.0, 0
    )
    clustering = weighted_kmeans(cloud.points, seeds, 6, ends=cloud.ends)
    centroids, assignment = kmeans_by_hand(cloud, seeds, len(clustering.trace.changed))

    np.testing.assert_array_equal(clustering.centroids, centroids)
    np.testing.assert_array_equal(clustering.assignment, assignment)
    assert (np.diff(clustering.trace.inertia) <= 0).all()


def test_seeds_start_at_the_ends():
    """Those of mostly opaque clusters are opaque; and one is transparent, as few as these are."""
    cloud = cloud_of(
        np.array(
            [
                [[9, 9, 9, 0], *[[200, i, 0, 255] for i in range(20)]],
                [[i, 200, 0, 90] for i in range(21)],
            ],
            np.uint8,
        )
    )
    middle, full = cloud.space.find_ends(4)[0, 0], cloud.space.find_ends(4)[1, 3]
    seeds = np.array(
        [[3000.0, 2000, 2000, 3000], [2000, 2500, 1500, 1200], [2000, 2500, 2000, 1000]]
    )
    settled = cloud.ends.settle_seeds(seeds, 0)

    assert settled[0].tolist() == [3000, 2000, 2000, full]
    assert min(settled[1:, 3].tolist()) == 0
    assert [middle] * 3 in settled[:, :3].tolist()
    kept = cloud.ends.settle_seeds(seeds, 3)
    np.testing.assert_array_equal(kept, seeds)


def test_a_cluster_of_both_ends_is_of_neither():
    """Where there is one for all, it is moved to the mean of all."""
    cloud = cloud_of(np.array([[[9, 9, 9, 0], [9, 9, 9, 255]]], np.uint8))
    means = np.array([[2000.0, 2000, 2000, 1700]])

    assert sorted(cloud.ends.kinds.tolist()) == [TRANSPARENT, OPAQUE]
    settled = cloud.ends.settle_clusters(means, np.zeros(2, np.int32))
    np.testing.assert_array_equal(settled, means)


@pytest.mark.parametrize("channels", [1, 3])
def test_without_alpha_there_are_no_ends(channels):
    """All points are free, and centroids stay where they are."""
    cloud = cloud_of(picture(9, 9, 40, channels).reshape(9, 9, channels))
    centroids = cloud.points.points[:5, :channels] + 0.5

    assert set(cloud.ends.kinds) == {FREE}
    assert not cloud.ends.kinds_of(centroids).any()
    np.testing.assert_array_equal(cloud.ends.assign(centroids), cloud.points.assign(centroids))
    np.testing.assert_array_equal(cloud.ends.settle_seeds(centroids, 0), centroids)
    assert isinstance(cloud.ends, Ends)


def errors_on(ground, source, quantized):
    """Return the mean squared error as laid on a level."""
    laid = []
    for values in (source, quantized.palette[quantized.indices]):
        alpha = values[..., 3:] / 255
        laid.append(values[..., :3] * alpha + ground * (1 - alpha))
    return np.mean((laid[0] - laid[1]) ** 2)


@pytest.mark.parametrize("colors", [8, 32])
def test_black_and_white_are_served_alike(colors):
    """A picture is as near on white as its negative on black, by levels."""
    errors = []
    for negative in ([0, 0, 0, 0], [255, 255, 255, 0]):
        pictures = [disc(seed) ^ np.array(negative, np.uint8) for seed in range(4)]
        results = [kmcodec.quantize(pixels, colors, space="rgb") for pixels in pictures]
        on_grounds = [
            [errors_on(ground, *pair) for ground in (0, 255)]
            for pair in zip(pictures, results, strict=True)
        ]
        errors.append(np.sum(on_grounds, axis=0))

    np.testing.assert_allclose(errors[0], errors[1][::-1], rtol=0.1)
