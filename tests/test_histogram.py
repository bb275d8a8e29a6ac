"""Distinct colors: exactly those of numpy.unique, whatever the picture."""

import numpy as np
import pytest
from arrays import arrays, or_any
from hypothesis import given, settings

from kmcodec.quantizer.histogram import Histogram, index_colors, look_up

pictures = arrays(or_any([0, 63, 64, 255]), 9, 9, 4, least=0)


def noise(shape, levels=256, seed=0):
    """Random pixels of so many levels."""
    return np.random.default_rng(seed).integers(0, levels, shape, dtype=np.uint8)


def assert_is_histogram_of(histogram, pixels):
    """Check a histogram against numpy.unique."""
    colors, counts = np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0, return_counts=True)
    np.testing.assert_array_equal(histogram.colors, colors)
    np.testing.assert_array_equal(histogram.counts, counts)


@given(pictures)
@settings(max_examples=100)
def test_histogram_is_that_of_unique(pixels):
    """Colors are distinct, in ascending order, with the number of pixels of each."""
    if pixels.size:
        assert_is_histogram_of(Histogram.of(pixels), pixels)
    else:
        assert Histogram.of(pixels).colors.shape == (0, pixels.shape[2])


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("levels", [2, 7, 256])
def test_large_pictures(channels, levels):
    """Many colors are counted as exactly as few."""
    pixels = noise((131, 157, channels), levels)
    assert_is_histogram_of(Histogram.of(pixels), pixels)


def test_dtypes_and_contiguity():
    """Colors are uint8 and counts int64, both ready for a kernel."""
    histogram = Histogram.of(noise((5, 6, 3)))
    assert (histogram.colors.dtype, histogram.counts.dtype) == (np.uint8, np.int64)
    assert histogram.colors.flags.c_contiguous
    assert histogram.counts.flags.c_contiguous


@given(pictures)
@settings(max_examples=100)
def test_positions_lead_back_to_the_pixels(pixels):
    """The colors at the positions are the pixels."""
    histogram, positions = index_colors(pixels)
    assert positions.dtype == np.uint32
    np.testing.assert_array_equal(histogram.colors[positions], pixels)


@pytest.mark.parametrize("view", [np.s_[::2, ::3], np.s_[::-1], np.s_[:, :, ::-1], np.s_[:, :, :3]])
def test_views_and_read_only_pixels(view):
    """Pixels need be neither contiguous nor writable."""
    pixels = noise((20, 30, 4))[view]
    pixels.flags.writeable = False
    assert_is_histogram_of(Histogram.of(pixels), pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_look_up_is_indexing(dtype):
    """A table is looked up as NumPy indexes it, and keeps its dtype."""
    histogram, positions = index_colors(noise((13, 17, 3), levels=4))
    table = noise(len(histogram.colors)).astype(dtype)
    found = look_up(table, positions)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, table[positions])


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_merged_histogram_is_that_of_all_pixels(channels):
    """Merging histograms counts as if the images were one."""
    images = [noise((8, 9, channels), 5, seed) for seed in range(4)]
    first, *others = [Histogram.of(image) for image in images]
    assert_is_histogram_of(first.merge(*others), np.concatenate(images))


def test_merging_nothing_changes_nothing():
    """A histogram merged with no other is itself."""
    pixels = noise((8, 9, 3), 5)
    assert_is_histogram_of(Histogram.of(pixels).merge(), pixels)


def test_merging_other_channels_is_refused():
    """Gray and RGB have no common histogram."""
    with pytest.raises(ValueError, match="dimension"):
        Histogram.of(noise((2, 2, 1))).merge(Histogram.of(noise((2, 2, 3))))


@pytest.mark.parametrize(
    ("pixels", "error"),
    [
        (np.zeros((2, 2, 3), np.int64), TypeError),
        (np.zeros((2, 2, 3)), TypeError),
        (np.zeros((2, 2), np.uint8), ValueError),
        (np.zeros((2, 2, 5), np.uint8), ValueError),
        (np.zeros((2, 2, 0), np.uint8), ValueError),
        (np.broadcast_to(np.uint8(0), (65536, 65536, 1)), ValueError),
    ],
)
def test_other_arrays_are_refused(pixels, error):
    """What is not (height, width, 1..4) uint8 is refused before anything is allocated."""
    with pytest.raises(error, match="pixels"):
        Histogram.of(pixels)
