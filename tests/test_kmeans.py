"""K-Means: the fast form gives the textbook's result, and quantizing keeps its promises."""

import numpy as np
import pytest
from helpers import photo, picture
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from kmcodec.histogram import Histogram
from kmcodec.quantize import quantize_pixels
from kmcodec.quantize.kmeans import snap, textbook_kmeans, weighted_kmeans
from kmcodec.quantize.seeding import SEEDINGS


def quantize(pixels, colors, *, seeding="wu", seed=0, iterations=100, dither=0.0):
    """Quantize with the defaults of the package's options."""
    return quantize_pixels(
        pixels, colors, seeding=seeding, seed=seed, iterations=iterations, dither=dither
    )


def assert_forms_agree(pixels, seeds, iterations=100):
    """Run both forms and compare every iteration; the fast one's result and its histogram."""
    flat = pixels.reshape(-1, pixels.shape[2])
    histogram = Histogram.of(pixels)
    slow = textbook_kmeans(flat, seeds, iterations)
    fast = weighted_kmeans(histogram.colors, histogram.counts, seeds, iterations)
    np.testing.assert_array_equal(fast.trace.centroids, slow.trace.centroids)
    np.testing.assert_array_equal(fast.trace.changed, slow.trace.changed)
    np.testing.assert_allclose(fast.trace.inertia, slow.trace.inertia, rtol=1e-9, atol=1e-3)
    np.testing.assert_array_equal(fast.centroids, slow.centroids)
    of_color = dict(zip(map(tuple, histogram.colors.tolist()), fast.assignment, strict=True))
    np.testing.assert_array_equal([of_color[tuple(p)] for p in flat.tolist()], slow.assignment)
    assert set(fast.assignment) == set(range(len(seeds)))
    return fast, histogram


pictures = st.integers(1, 4).flatmap(
    lambda channels: npst.arrays(
        np.uint8,
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(channels)),
        elements=st.one_of(st.integers(0, 6), st.integers(0, 255)),
    )
)


@given(pixels=pictures, data=st.data())
@settings(max_examples=150, deadline=None)
def test_fast_form_is_the_textbook_on_small_pictures(pixels, data):
    """Ties, duplicate seeds and empty clusters included, both forms agree at every iteration."""
    channels = pixels.shape[2]
    k = data.draw(st.integers(1, min(8, len(Histogram.of(pixels).colors))))
    values = st.sampled_from([0, 1, 2, 2.5, 3, 4, 5.25, 100, 255])
    seeds = data.draw(npst.arrays(np.float64, (k, channels), elements=values))
    assert_forms_agree(pixels, seeds, iterations=20)


@pytest.mark.parametrize("seeding", SEEDINGS)
@pytest.mark.parametrize("k", [1, 2, 16, 100, 400])
def test_fast_form_is_the_textbook_on_a_photo(seeding, k):
    """From every seeding, both forms agree at every iteration."""
    pixels = photo(64, 48)
    assert_forms_agree(pixels, SEEDINGS[seeding](Histogram.of(pixels), k, 1), iterations=12)


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_fast_form_is_the_textbook_for_other_channels(channels):
    """Both forms agree on gray, gray with alpha and RGBA."""
    colors = 200
    pixels = picture(40, 30, colors, channels).reshape(30, 40, channels)
    assert_forms_agree(pixels, SEEDINGS["wu"](Histogram.of(pixels), 20, 0))


def test_inertia_never_rises():
    """Each iteration serves the pixels at least as well as the one before."""
    histogram = Histogram.of(photo(64, 48))
    seeds = SEEDINGS["random"](histogram, 12, 0)
    inertia = weighted_kmeans(histogram.colors, histogram.counts, seeds, 300).trace.inertia
    assert len(inertia) > 5
    assert (np.diff(inertia) <= 1e-9 * inertia[0]).all()


def test_it_stops_when_no_assignment_changes():
    """The last of an unlimited number of iterations changes nothing; one more would not."""
    histogram = Histogram.of(photo(64, 48))
    seeds = SEEDINGS["wu"](histogram, 12, 0)
    result = weighted_kmeans(histogram.colors, histogram.counts, seeds, 10_000)
    assert result.trace.changed[-1] == 0
    assert (result.trace.changed[:-1] > 0).all()
    again = weighted_kmeans(histogram.colors, histogram.counts, result.centroids, 1)
    np.testing.assert_array_equal(again.assignment, result.assignment)


def test_it_stops_at_the_limit():
    """The trace has the seeds and one row an iteration."""
    histogram = Histogram.of(photo(64, 48))
    seeds = SEEDINGS["random"](histogram, 12, 0)
    result = weighted_kmeans(histogram.colors, histogram.counts, seeds, 3)
    assert result.trace.centroids.shape == (4, 12, 3)
    assert result.trace.inertia.shape == result.trace.changed.shape == (3,)
    np.testing.assert_array_equal(result.trace.centroids[0], seeds)
    np.testing.assert_array_equal(result.trace.centroids[-1], result.centroids)


def test_tolerance_stops_sooner():
    """A tolerance ends the tail of small gains."""
    histogram = Histogram.of(photo(64, 48))
    seeds = SEEDINGS["wu"](histogram, 12, 0)
    whole = weighted_kmeans(histogram.colors, histogram.counts, seeds, 1000)
    short = weighted_kmeans(histogram.colors, histogram.counts, seeds, 1000, tolerance=1e-3)
    done = len(short.trace.inertia)
    assert done < len(whole.trace.inertia)
    np.testing.assert_array_equal(short.trace.inertia, whole.trace.inertia[:done])


def test_centroids_are_means_of_their_pixels():
    """Each centroid is the weighted mean of the colors assigned to it, on the grid."""
    histogram = Histogram.of(photo(64, 48))
    seeds = SEEDINGS["wu"](histogram, 9, 0)
    result = weighted_kmeans(histogram.colors, histogram.counts, seeds, 5)
    for cluster, centroid in enumerate(result.centroids):
        of = result.assignment == cluster
        mean = np.average(histogram.colors[of], axis=0, weights=histogram.counts[of])
        np.testing.assert_allclose(centroid, mean, atol=2**-17 + 1e-9)


def test_one_cluster_is_the_mean():
    """K = 1 is the mean of all pixels."""
    pixels = photo(32, 24)
    result, _ = assert_forms_agree(pixels, np.zeros((1, 3)))
    np.testing.assert_array_equal(result.centroids, snap(pixels.mean(axis=(0, 1))[np.newaxis]))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_as_many_clusters_as_colors(channels):
    """K = n from equal seeds, all clusters but one empty, ends with a color each."""
    pixels = picture(8, 6, 20, channels).reshape(6, 8, channels)
    result, histogram = assert_forms_agree(pixels, np.zeros((20, channels)))
    assert result.trace.inertia[-1] == 0
    np.testing.assert_array_equal(np.unique(result.centroids, axis=0), histogram.colors)


def test_empty_cluster_takes_the_farthest_color():
    """A centroid with no pixel moves to the color that its own centroid serves worst."""
    pixels = np.array([[[0], [0], [10], [10], [60]]], np.uint8)
    result = weighted_kmeans(
        *vars(Histogram.of(pixels)).values(), np.array([[10.0], [255.0]]), iterations=1
    )
    assert result.centroids.ravel().tolist() == [5, 60]
    assert result.assignment.tolist() == [0, 0, 1]


def test_more_clusters_than_colors_is_refused():
    """There is no clustering without empty clusters then."""
    histogram = Histogram.of(picture(8, 6, 3))
    with pytest.raises(ValueError, match="fewer distinct colors"):
        weighted_kmeans(histogram.colors, histogram.counts, np.zeros((4, 3)), 5)


def test_textbook_form_in_chunks(monkeypatch):
    """How many distances are held at once does not show in the result."""
    pixels = photo(32, 24).reshape(-1, 3)
    seeds = pixels[:50].astype(np.float64)
    whole = textbook_kmeans(pixels, seeds, 5)
    monkeypatch.setitem(textbook_kmeans.__globals__, "CHUNK", 1000)
    np.testing.assert_array_equal(textbook_kmeans(pixels, seeds, 5).assignment, whole.assignment)


@pytest.mark.parametrize("colors", [20, 21, 256, 300, 65536])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_few_colors_are_kept(colors, channels):
    """A picture of at most so many colors is its palette and indices, dithered or not."""
    pixels = picture(16, 9, 20, channels).reshape(9, 16, channels)
    for dither in (0.0, 1.0):
        quantized = quantize(pixels, colors, dither=dither)
        np.testing.assert_array_equal(quantized.palette[quantized.indices], pixels)
        np.testing.assert_array_equal(quantized.palette, Histogram.of(pixels).colors)
        assert quantized.indices.dtype == np.uint8
        assert len(quantized.trace.inertia) == 0


@pytest.mark.parametrize("seeding", SEEDINGS)
@pytest.mark.parametrize("colors", [1, 2, 7, 64, 256, 257, 700])
def test_every_entry_is_distinct_and_in_use(seeding, colors):
    """A picture of more colors gets exactly as many as asked for, all of them used."""
    pixels = photo(48, 40)
    quantized = quantize(pixels, colors, seeding=seeding)
    palette, indices = quantized.palette, quantized.indices
    assert indices.dtype == (np.uint8 if colors <= 256 else np.uint16)
    assert len(np.unique(palette, axis=0)) == colors
    assert (np.bincount(indices.ravel(), minlength=colors) > 0).all()


@given(pixels=pictures, data=st.data())
@settings(max_examples=100, deadline=None)
def test_small_pictures_get_distinct_used_entries(pixels, data):
    """Neither are pictures so small that rounding makes centroids meet an exception."""
    n = len(Histogram.of(pixels).colors)
    colors = data.draw(st.integers(1, n))
    quantized = quantize(pixels, colors, seeding=data.draw(st.sampled_from(sorted(SEEDINGS))))
    assert quantized.palette.shape == (colors, pixels.shape[2])
    assert len(np.unique(quantized.palette, axis=0)) == colors
    assert len(np.unique(quantized.indices)) == colors


def test_neighboring_grays_get_distinct_used_entries():
    """Where centroids round to one value, the spare entries go to the colors served worst."""
    pixels = np.repeat(np.arange(256, dtype=np.uint8), np.arange(256) % 7 + 1)[np.newaxis, :, None]
    quantized = quantize(pixels, 255)
    assert len(np.unique(quantized.palette)) == len(np.unique(quantized.indices)) == 255
    assert np.abs(quantized.palette[quantized.indices].astype(int) - pixels).max() == 1


def test_each_pixel_has_its_nearest_entry():
    """Indices are of the 8-bit palette, not of the centroids it was rounded from."""
    pixels = photo(48, 40)
    quantized = quantize(pixels, 32)
    delta = pixels[:, :, np.newaxis].astype(int) - quantized.palette
    np.testing.assert_array_equal(quantized.indices, np.sum(delta**2, axis=3).argmin(axis=2))


@pytest.mark.parametrize("seeding", SEEDINGS)
def test_quantizing_repeats_itself(seeding):
    """The same picture and options give the same palette and indices."""
    pixels = photo(48, 40)
    first, second = (quantize(pixels, 50, seeding=seeding, seed=3, dither=0.5) for _ in range(2))
    np.testing.assert_array_equal(first.palette, second.palette)
    np.testing.assert_array_equal(first.indices, second.indices)


def test_palette_does_not_depend_on_the_order_of_pixels():
    """Turning the picture turns the indices."""
    pixels = photo(48, 40)
    upright, turned = quantize(pixels, 50), quantize(pixels[::-1, ::-1], 50)
    np.testing.assert_array_equal(turned.palette, upright.palette)
    np.testing.assert_array_equal(turned.indices, upright.indices[::-1, ::-1])


def test_kmeans_improves_on_its_seeds():
    """More iterations leave a smaller squared error."""
    pixels = photo(96, 64)
    errors = []
    for iterations in (1, 5, 50):
        quantized = quantize(pixels, 32, iterations=iterations)
        delta = quantized.palette[quantized.indices].astype(int) - pixels
        errors.append(np.sum(delta**2))
    assert errors[0] > errors[1] > errors[2]
