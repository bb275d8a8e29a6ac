"""Mapping pixels to a palette: exactly the nearest entry, or dithered to keep the mean."""

import numpy as np
import pytest
from helpers import photo
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from kmcodec.quantize.mapping import NearestSearch, map_dithered, map_nearest


def noise(shape, seed=0):
    """Random pixels or entries."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def nearest_by_brute_force(pixels, palette):
    """The plain form: all distances, the first of the smallest."""
    delta = pixels[:, :, np.newaxis].astype(int) - palette
    return np.sum(delta**2, axis=3).argmin(axis=2)


def dither_by_hand(pixels, palette, dither):
    """The plain form of serpentine Floyd-Steinberg, one pixel after the other."""
    height, width, channels = pixels.shape
    opaque = channels - 1 if channels in {2, 4} else channels
    strength = round(dither * 256)
    errors = np.zeros((height + 1, width + 2, opaque), int)
    indices = np.empty((height, width), int)
    for y in range(height):
        step = -1 if y % 2 else 1
        for x in range(width)[::step]:
            color = pixels[y, x].astype(int)
            seen = channels == opaque or color[-1] > 0
            if seen:
                moved = color[:opaque] + (errors[y, x + 1] * strength + 2048 >> 12)
                color[:opaque] = moved.clip(0, 255)
            indices[y, x] = np.sum((palette.astype(int) - color) ** 2, axis=1).argmin()
            if seen:
                error = color[:opaque] - palette[indices[y, x], :opaque]
                errors[y, x + 1 + step] += 7 * error
                errors[y + 1, x + 1 - step] += 3 * error
                errors[y + 1, x + 1] += 5 * error
                errors[y + 1, x + 1 + step] += error
    return indices


def pixels_and_palettes(most_entries):
    """Small pictures with palettes of as many channels."""
    values = st.one_of(st.integers(0, 9), st.integers(0, 255))
    return st.integers(1, 4).flatmap(
        lambda channels: st.tuples(
            npst.arrays(
                np.uint8,
                st.tuples(st.integers(0, 9), st.integers(0, 9), st.just(channels)),
                elements=values,
            ),
            npst.arrays(
                np.uint8,
                st.tuples(st.integers(1, most_entries), st.just(channels)),
                elements=values,
            ),
        )
    )


both = pytest.mark.parametrize("map_pixels", [map_nearest, lambda x, p: map_dithered(x, p, 0)])


@both
@given(example=pixels_and_palettes(40))
@settings(max_examples=150, deadline=None)
def test_nearest_is_brute_force_on_small_pictures(map_pixels, example):
    """Each pixel gets the nearest entry, of equally near or equal ones the first."""
    np.testing.assert_array_equal(map_pixels(*example), nearest_by_brute_force(*example))


@both
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("k", [1, 2, 16, 256, 257, 3000])
def test_nearest_is_brute_force(map_pixels, channels, k):
    """So it is for any number of channels and entries."""
    pixels, palette = noise((31, 23, channels)), noise((k, channels), seed=1)
    indices = map_pixels(pixels, palette)
    assert indices.dtype == (np.uint8 if k <= 256 else np.uint16)
    np.testing.assert_array_equal(indices, nearest_by_brute_force(pixels, palette))


@both
@pytest.mark.parametrize("grid", [2, 16, 64])
def test_ties_go_to_the_lowest_index(map_pixels, grid):
    """On coarse grids nearly every pixel has several nearest entries."""
    pixels = noise((40, 30, 3)) // 8 * 8
    palette = noise((500, 3), seed=1) // grid * grid
    np.testing.assert_array_equal(
        map_pixels(pixels, palette), nearest_by_brute_force(pixels, palette)
    )


@both
def test_equal_entries(map_pixels):
    """Of entries that are all equal, the first is used."""
    assert not map_pixels(noise((40, 30, 3)), np.full((65536, 3), 7, np.uint8)).any()


def test_largest_palette():
    """65,536 entries find their own colors again."""
    palette = np.stack(np.divmod(np.arange(65536), 256), axis=1).astype(np.uint8)
    np.testing.assert_array_equal(
        map_nearest(palette.reshape(256, 256, 2), palette).ravel(), np.arange(65536)
    )


@given(
    seed=st.integers(0, 1000),
    k=st.integers(1, 60),
    channels=st.integers(1, 4),
    spread=st.sampled_from([1, 30, 256]),
)
@settings(max_examples=100, deadline=None)
def test_search_among_fractional_centroids_is_exact(seed, k, channels, spread):
    """Centroids on the grid of 1/65536 are told apart to the last bit."""
    rng = np.random.default_rng(seed)
    colors = np.unique(rng.integers(0, spread, (300, channels)), axis=0).astype(np.uint8)
    numerators = rng.integers(0, (spread - 1) * 65536 + 1, (k, channels))
    numerators[k // 2 :] = numerators[: k - k // 2]  # duplicates
    search = NearestSearch(colors)
    delta = colors[search.order][:, np.newaxis].astype(np.int64) * 65536 - numerators
    expected = np.sum(delta**2, axis=2).argmin(axis=1)
    np.testing.assert_array_equal(search.assign(numerators / 65536), expected)


@given(example=pixels_and_palettes(40), dither=st.sampled_from([0.3, 0.5, 1.0]))
@settings(max_examples=150, deadline=None)
def test_dithering_is_floyd_steinberg(example, dither):
    """Every index is that of the plain form."""
    np.testing.assert_array_equal(map_dithered(*example, dither), dither_by_hand(*example, dither))


@pytest.mark.parametrize("k", [2, 9, 300])
def test_dithering_a_photo_is_floyd_steinberg(k):
    """So it is where errors travel far and the tree is deep."""
    pixels, palette = photo(60, 40), noise((k, 3))
    np.testing.assert_array_equal(
        map_dithered(pixels, palette, 1.0), dither_by_hand(pixels, palette, 1.0)
    )


@pytest.mark.parametrize("gray", [1, 40, 128, 200, 254])
def test_dithering_keeps_the_mean(gray):
    """A flat gray becomes black and white in proportion."""
    black_white = np.array([[0], [255]], np.uint8)
    indices = map_dithered(np.full((64, 64, 1), gray, np.uint8), black_white, 1.0)
    assert abs(255 * indices.mean() - gray) < 2


def test_half_the_dither_diffuses_less():
    """Weaker dithering is nearer to the pixels, none is nearest."""
    pixels = photo(96, 64)
    palette = pixels[::16, ::16].reshape(-1, 3)
    errors = [
        np.sum((palette[map_dithered(pixels, palette, dither)].astype(int) - pixels) ** 2)
        for dither in (0.0, 0.5, 1.0)
    ]
    assert errors[0] < errors[1] < errors[2]


def test_colors_of_the_palette_stay_clean():
    """Where every pixel is a palette color there is no error to diffuse."""
    palette = noise((30, 3))
    indices = np.random.default_rng(0).integers(0, 30, (20, 20))
    np.testing.assert_array_equal(map_dithered(palette[indices], palette, 1.0), indices)


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_not_dithered(channels):
    """A soft alpha of few levels keeps its edge: each pixel gets its nearest alpha."""
    pixels = np.zeros((32, 32, channels), np.uint8)
    pixels[..., -1] = np.linspace(1, 255, 32).astype(np.uint8)
    palette = np.zeros((3, channels), np.uint8)
    palette[:, -1] = 0, 128, 255
    np.testing.assert_array_equal(
        map_dithered(pixels, palette, 1.0), nearest_by_brute_force(pixels, palette)
    )


def test_transparent_pixels_pass_no_error():
    """What cannot be seen does not show beside it."""
    pixels = np.full((16, 16, 4), 255, np.uint8)
    pixels[:, :8] = 77, 77, 77, 0
    palette = np.array([[0, 0, 0, 0], [0, 0, 0, 255], [255, 255, 255, 255]], np.uint8)
    expected = np.where(pixels[..., 3] == 0, 0, 2)
    np.testing.assert_array_equal(map_dithered(pixels, palette, 1.0), expected)


def test_read_only_views_are_mapped():
    """Pixels and palette need be neither contiguous nor writable."""
    pixels, palette = noise((40, 30, 4))[::-2, ::3, :3], noise((50, 4))[::2, :3]
    pixels.flags.writeable = palette.flags.writeable = False
    expected = nearest_by_brute_force(pixels, palette)
    np.testing.assert_array_equal(map_nearest(pixels, palette), expected)
    np.testing.assert_array_equal(map_dithered(pixels, palette, 0), expected)


@pytest.mark.parametrize(
    ("palette", "error"),
    [
        (np.zeros((2, 3)), TypeError),
        (np.zeros((2, 4), np.uint8), ValueError),
        (np.zeros((0, 3), np.uint8), ValueError),
        (np.zeros((65537, 3), np.uint8), ValueError),
        (np.zeros(3, np.uint8), ValueError),
    ],
)
def test_other_palettes_are_refused(palette, error):
    """What is not a palette for the pixels is refused."""
    with pytest.raises(error, match="palette"):
        map_nearest(noise((2, 2, 3)), palette)


@pytest.mark.parametrize("dither", [-0.1, 1.1, float("nan")])
def test_other_dithers_are_refused(dither):
    """Dither is a share."""
    with pytest.raises(ValueError, match="dither"):
        map_dithered(noise((2, 2, 3)), noise((2, 3)), dither)
