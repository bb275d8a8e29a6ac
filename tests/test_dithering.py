"""Mapping pixels to a palette: exactly the nearest entry, or dithered to keep the mean."""

import math

import numpy as np
import pytest
from helpers import may_show, photo, surface
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from kmcodec.format import index_dtype
from kmcodec.quantizer.cloud import Cloud
from kmcodec.quantizer.dithering import (
    DITHERINGS,
    bayer_matrix,
    diffuse_errors,
    order_dither,
    row_pieces,
)
from kmcodec.quantizer.histogram import index_colors, look_up
from kmcodec.quantizer.space import SPACES


def noise(shape, seed=0):
    """Random pixels or entries."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def map_nearest(pixels, palette, space="rgb"):
    """Return the entry nearest to each pixel in a space, by way of the histogram."""
    histogram, positions = index_colors(pixels)
    return look_up(Cloud(histogram, SPACES[space]).map_nearest(palette), positions)


def map_dithered(dither_pixels, pixels, palette, dither):
    """Dithered indices, from those of the nearest entries."""
    return dither_pixels(pixels, palette, dither, map_nearest(pixels, palette))


def nearest_by_brute_force(pixels, palette):
    """Return the first of the smallest of all distances: the plain form for levels."""
    delta = pixels[:, :, np.newaxis].astype(int) - palette
    return np.sum(delta**2, axis=3).argmin(axis=2)


def nearest_in_space(pixels, palette, space):
    """Return an equal entry, else the first of the smallest of all distances, for points."""
    flat = pixels.reshape(-1, pixels.shape[2])
    points = SPACES[space].to_points(flat).astype(int)
    entries = SPACES[space].to_points(palette).astype(int)
    distances = np.sum((points[:, np.newaxis] - entries) ** 2, axis=2)
    distances[~may_show(flat, palette)] = np.iinfo(int).max
    distances[np.all(flat[:, np.newaxis] == palette, axis=2)] = -1
    return distances.argmin(axis=1).reshape(pixels.shape[:2])


def is_opaque(pixels):
    """Whether the last channel is not alpha, and how many channels there are but that."""
    channels = pixels.shape[2]
    opaque = channels - 1 if channels in {2, 4} else channels
    return channels == opaque, opaque


def dither_by_hand(pixels, palette, dither):
    """Diffuse errors by Floyd and Steinberg, in a serpentine, one pixel after the other."""
    height, width, _ = pixels.shape
    all_seen, opaque = is_opaque(pixels)
    strength = round(dither * 256)
    errors = np.zeros((height + 1, width + 2, opaque), int)
    indices = map_nearest(pixels, palette).astype(int)
    for y in range(height):
        step = -1 if y % 2 else 1
        for x in range(width)[::step]:
            color = pixels[y, x].astype(int)
            if not (all_seen or color[-1] > 0):
                continue
            moved = color[:opaque] + (errors[y, x + 1] * strength + 2048 >> 12)
            color[:opaque] = moved.clip(0, 255)
            indices[y, x] = np.sum((palette.astype(int) - color) ** 2, axis=1).argmin()
            error = color[:opaque] - palette[indices[y, x], :opaque]
            errors[y, x + 1 + step] += 7 * error
            errors[y + 1, x + 1 - step] += 3 * error
            errors[y + 1, x + 1] += 5 * error
            errors[y + 1, x + 1 + step] += error
    return indices


def dither_in_order_by_hand(pixels, palette, dither):
    """Dither in order, one pixel after the other."""
    all_seen, opaque = is_opaque(pixels)
    spacing = 0.0
    if len(palette) > 1:
        delta = palette[:, np.newaxis].astype(int) - palette
        squares = np.sum(delta**2, axis=2).astype(float)
        np.fill_diagonal(squares, np.inf)
        distances = np.sqrt(squares.min(axis=1))
        spacing = math.fsum(distances.tolist()) / len(palette) / math.sqrt(palette.shape[1])
    strength = round(dither * 256 * spacing)
    indices = map_nearest(pixels, palette).astype(int)
    for y, x in np.ndindex(indices.shape):
        color = pixels[y, x].astype(int)
        if not (all_seen or color[-1] > 0):
            continue
        order = sum(  # bits of x ^ y and y in turn, those of the smallest squares first
            (2 * ((x ^ y) >> bit & 1) + (y >> bit & 1)) << 2 * (2 - bit) for bit in range(3)
        )
        offset = math.trunc(strength * ((order + 0.5) / 64 - 0.5) / 256)
        color[:opaque] = (color[:opaque] + offset).clip(0, 255)
        indices[y, x] = np.sum((palette.astype(int) - color) ** 2, axis=1).argmin()
    return indices


BY_HAND = {"diffusion": dither_by_hand, "ordered": dither_in_order_by_hand}


def pixels_and_palettes(most_entries):
    """Small pictures with palettes of as many channels."""
    values = st.one_of(st.integers(0, 9), st.integers(0, 255))
    return st.integers(1, 4).flatmap(
        lambda channels: st.tuples(
            npst.arrays(
                np.uint8,
                st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(channels)),
                elements=values,
            ),
            npst.arrays(
                np.uint8,
                st.tuples(st.integers(1, most_entries), st.just(channels)),
                elements=values,
            ),
        )
    )


spaces = pytest.mark.parametrize("space", SPACES)
ditherings = pytest.mark.parametrize("name", DITHERINGS)


@spaces
@given(example=pixels_and_palettes(40))
@settings(max_examples=150, deadline=None)
def test_nearest_is_brute_force_on_small_pictures(space, example):
    """Each pixel gets an equal entry or the nearest, of several the first."""
    np.testing.assert_array_equal(map_nearest(*example, space), nearest_in_space(*example, space))


@spaces
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("k", [1, 2, 16, 256, 257, 3000])
def test_nearest_is_brute_force(space, channels, k):
    """So it is for any number of channels and entries."""
    pixels, palette = noise((31, 23, channels)), noise((k, channels), seed=1)
    indices = map_nearest(pixels, palette, space)
    assert indices.dtype == (np.uint8 if k <= 256 else np.uint16)
    np.testing.assert_array_equal(indices, nearest_in_space(pixels, palette, space))


@pytest.mark.parametrize("channels", [1, 3])
def test_nearest_in_rgb_is_nearest_by_levels(channels):
    """Without alpha the points are the levels, but for their unit."""
    pixels, palette = noise((31, 23, channels)), noise((100, channels), seed=1)
    np.testing.assert_array_equal(
        map_nearest(pixels, palette), nearest_by_brute_force(pixels, palette)
    )


@pytest.mark.parametrize("grid", [2, 16, 64])
def test_ties_go_to_the_lowest_index(grid):
    """On coarse grids nearly every pixel has several nearest entries."""
    pixels = noise((40, 30, 3)) // 8 * 8
    palette = noise((500, 3), seed=1) // grid * grid
    np.testing.assert_array_equal(
        map_nearest(pixels, palette), nearest_by_brute_force(pixels, palette)
    )


@spaces
@pytest.mark.parametrize("channels", [3, 4])
def test_equal_entries(space, channels):
    """Of entries that are all equal, the first is used."""
    palette = np.full((65536, channels), 7, np.uint8)
    assert not map_nearest(noise((40, 30, channels)), palette, space).any()


def test_largest_palette():
    """65,536 entries find their own colors again, also those of alpha 0, which are one point."""
    palette = np.stack(np.divmod(np.arange(65536), 256), axis=1).astype(np.uint8)
    np.testing.assert_array_equal(
        map_nearest(palette.reshape(256, 256, 2), palette).ravel(), np.arange(65536)
    )


def test_colors_that_are_one_point_keep_their_own_entries():
    """An entry equal to a color goes before a lower one that the space cannot tell from it."""
    palette = np.array([[200, 250, level] for level in range(256)], np.uint8)
    assert len(np.unique(SPACES["oklab"].to_points(palette), axis=0)) < 256
    indices = map_nearest(palette[np.newaxis], palette, "oklab")
    assert indices.ravel().tolist() == list(range(256))


@pytest.mark.parametrize("space", ["rgb", "oklab"])
def test_transparent_pixels_are_all_alike(space):
    """Whatever its color, what cannot be seen gets the first entry that cannot be seen either."""
    pixels = noise((9, 7, 4))
    pixels[..., 3] = 0
    palette = np.array([[9, 9, 9, 255], [255, 0, 0, 0], [0, 0, 0, 0]], np.uint8)
    assert (map_nearest(pixels, palette, space) == 1).all()


@spaces
def test_loss_is_of_levels(space):
    """Errors are measured in what is stored, whatever the space."""
    pixels, palette = photo(30, 20), noise((16, 3))
    histogram, positions = index_colors(pixels)
    cloud = Cloud(histogram, SPACES[space])
    nearest = cloud.map_nearest(palette)
    delta = palette[nearest[positions]].astype(int) - pixels
    assert cloud.loss(palette, nearest).mse == np.sum(delta**2) / 600


@ditherings
@given(
    example=pixels_and_palettes(40),
    dither=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
)
@settings(max_examples=120, deadline=None)
def test_dithering_is_the_plain_form(name, example, dither):
    """Every index is that of Floyd and Steinberg, or of Bayer, by hand."""
    np.testing.assert_array_equal(
        map_dithered(DITHERINGS[name], *example, dither), BY_HAND[name](*example, dither)
    )


@ditherings
@pytest.mark.parametrize("k", [2, 9, 300])
def test_dithering_a_photo_is_the_plain_form(name, k):
    """So it is where errors travel far and the tree is deep."""
    pixels, palette = photo(60, 40), noise((k, 3))
    indices = map_dithered(DITHERINGS[name], pixels, palette, 1.0)
    assert indices.dtype == (np.uint8 if k <= 256 else np.uint16)
    np.testing.assert_array_equal(indices, BY_HAND[name](pixels, palette, 1.0))


@ditherings
@pytest.mark.parametrize("k", [1, 5, 400])
def test_nearest_entries_are_only_a_guess(name, k):
    """Wherever the search starts, what can be seen is mapped alike; the guess is left alone."""
    pixels, palette = noise((20, 30, 3)), noise((k, 3), seed=1)
    guess = np.random.default_rng(2).integers(0, k, (20, 30)).astype(index_dtype(k))
    before = guess.copy()
    np.testing.assert_array_equal(
        DITHERINGS[name](pixels, palette, 0.7, guess),
        map_dithered(DITHERINGS[name], pixels, palette, 0.7),
    )
    np.testing.assert_array_equal(guess, before)


@ditherings
@pytest.mark.parametrize("grid", [2, 16, 64])
def test_no_dithering_is_the_nearest_entry(name, grid):
    """Of strength 0, dithering finds the first of the nearest entries by levels."""
    pixels = noise((40, 30, 3)) // 8 * 8
    palette = noise((500, 3), seed=1) // grid * grid
    np.testing.assert_array_equal(
        map_dithered(DITHERINGS[name], pixels, palette, 0),
        nearest_by_brute_force(pixels, palette),
    )


@ditherings
@pytest.mark.parametrize("gray", [1, 40, 128, 200, 254])
def test_dithering_keeps_the_mean(name, gray):
    """A flat gray becomes black and white in proportion."""
    black_white = np.array([[0], [255]], np.uint8)
    pixels = np.full((64, 64, 1), gray, np.uint8)
    indices = map_dithered(DITHERINGS[name], pixels, black_white, 1.0)
    assert abs(255 * indices.mean() - gray) <= 2


@ditherings
def test_half_the_dither_changes_less(name):
    """Weaker dithering is nearer to the pixels, none is nearest."""
    pixels = photo(96, 64)
    palette = pixels[::16, ::16].reshape(-1, 3)
    errors = [
        np.sum(
            (palette[map_dithered(DITHERINGS[name], pixels, palette, dither)].astype(int) - pixels)
            ** 2
        )
        for dither in (0.0, 0.5, 1.0)
    ]
    assert errors[0] < errors[1] < errors[2]


@ditherings
def test_dithering_keeps_the_mean_of_a_gradient(name):
    """Means of 8 x 8 pixels are nearer to those of the picture than without dithering."""
    ramp = np.linspace(0, 255, 128).astype(np.uint8)
    pixels = np.repeat(ramp[np.newaxis, :, np.newaxis], 32, axis=0)
    palette = np.array([[0], [64], [128], [192], [255]], np.uint8)

    def error_of_means(indices):
        delta = palette[indices].astype(float) - pixels
        return np.abs(delta.reshape(4, 8, 16, 8).mean(axis=(1, 3))).mean()

    plain = error_of_means(map_nearest(pixels, palette))
    assert error_of_means(map_dithered(DITHERINGS[name], pixels, palette, 1.0)) < plain / 5


def test_colors_of_the_palette_stay_clean():
    """Where every pixel is a palette color there is no error to diffuse."""
    palette = noise((30, 3))
    indices = np.random.default_rng(0).integers(0, 30, (20, 20))
    np.testing.assert_array_equal(
        map_dithered(diffuse_errors, palette[indices], palette, 1.0), indices
    )


@pytest.mark.parametrize("spacing", [10, 11])
def test_evenly_spaced_colors_stay_clean_in_order(spacing):
    """The pattern does not reach beyond half the spacing, so entries of a ramp stay as they are."""
    palette = np.arange(0, 250, spacing, dtype=np.uint8)[:, np.newaxis]
    indices = np.random.default_rng(0).integers(0, len(palette), (24, 24))
    np.testing.assert_array_equal(
        map_dithered(order_dither, palette[indices], palette, 1.0), indices
    )


@pytest.mark.parametrize(("y", "x"), [(0, 8), (16, 0), (8, 24)])
def test_ordered_dithering_repeats_itself(y, x):
    """Parts that start at multiples of 8 are dithered as they are in the whole."""
    pixels, palette = photo(48, 40), noise((12, 3))
    whole = map_dithered(order_dither, pixels, palette, 1.0)
    part = map_dithered(order_dither, pixels[y:, x:], palette, 1.0)
    np.testing.assert_array_equal(part, whole[y:, x:])


@ditherings
@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_not_dithered(name, channels):
    """A soft alpha of few levels keeps its edge: each pixel gets its nearest alpha."""
    pixels = np.zeros((32, 32, channels), np.uint8)
    pixels[..., -1] = np.linspace(1, 255, 32).astype(np.uint8)
    palette = np.zeros((3, channels), np.uint8)
    palette[:, -1] = 0, 128, 255
    np.testing.assert_array_equal(
        map_dithered(DITHERINGS[name], pixels, palette, 0.5),
        nearest_by_brute_force(pixels, palette),
    )


@ditherings
def test_transparent_pixels_pass_no_error(name):
    """What cannot be seen does not show beside it."""
    pixels = np.full((16, 16, 4), 255, np.uint8)
    pixels[:, :8] = 77, 77, 77, 0
    palette = np.array([[0, 0, 0, 0], [0, 0, 0, 255], [255, 255, 255, 255]], np.uint8)
    expected = np.where(pixels[..., 3] == 0, 0, 2)
    np.testing.assert_array_equal(map_dithered(DITHERINGS[name], pixels, palette, 1.0), expected)


@ditherings
def test_transparent_pixels_keep_their_entries(name):
    """A pixel of alpha 0 has the entry given, which may be that of its own color."""
    pixels = noise((16, 16, 4))
    pixels[..., 3] = 0
    given_indices = np.random.default_rng(0).integers(0, 30, (16, 16)).astype(np.uint8)
    indices = DITHERINGS[name](pixels, noise((30, 4)), 1.0, given_indices)
    np.testing.assert_array_equal(indices, given_indices)


@ditherings
def test_one_entry_is_all_there_is(name):
    """A palette of one entry has nothing to mix."""
    assert not map_dithered(DITHERINGS[name], noise((9, 8, 3)), noise((1, 3)), 1.0).any()


def test_read_only_views_are_mapped():
    """Pixels and palette need be neither contiguous nor writable."""
    pixels, palette = noise((40, 30, 4))[::-2, ::3, :3], noise((50, 4))[::2, :3]
    pixels.flags.writeable = palette.flags.writeable = False
    expected = nearest_by_brute_force(pixels, palette)
    np.testing.assert_array_equal(map_nearest(pixels, palette), expected)
    for dither_pixels in DITHERINGS.values():
        np.testing.assert_array_equal(map_dithered(dither_pixels, pixels, palette, 0), expected)


def test_bayer_matrices():
    """The pattern is Bayer's, and has each step once."""
    assert bayer_matrix(1).tolist() == [[0]]
    assert bayer_matrix(2).tolist() == [[0, 2], [3, 1]]
    assert bayer_matrix(4).tolist() == [
        [0, 8, 2, 10],
        [12, 4, 14, 6],
        [3, 11, 1, 9],
        [15, 7, 13, 5],
    ]
    assert sorted(bayer_matrix(8).ravel().tolist()) == list(range(64))


def test_every_part_of_the_bayer_matrix_is_mixed():
    """Each 2 x 2 of it has one cell of every quarter, so no part lights up before another."""
    pattern = bayer_matrix(8)
    for y, x in np.ndindex(4, 4):
        cells = pattern[2 * y : 2 * y + 2, 2 * x : 2 * x + 2]
        assert sorted((cells // 16).ravel().tolist()) == [0, 1, 2, 3]


@pytest.mark.parametrize("dithering", DITHERINGS)
@pytest.mark.parametrize("channels", [3, 4])
def test_pieces_do_not_show(dithering, channels, monkeypatch):
    """Rows are dithered a piece at a time, so that an interrupt comes between them."""
    pixels = surface(50, 61, channels)
    palette = pixels[::20, ::20].reshape(-1, channels)
    whole = map_dithered(DITHERINGS[dithering], pixels, palette, 1.0)
    monkeypatch.setattr("kmcodec.quantizer.dithering.PIECE_PIXELS", 1)

    assert [rows.stop - rows.start for rows in row_pieces((61, 50))] == [8] * 8
    assert (map_dithered(DITHERINGS[dithering], pixels, palette, 1.0) == whole).all()
