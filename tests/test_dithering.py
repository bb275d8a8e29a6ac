"""Mapping pixels to a palette: exactly the nearest entry, or dithered to keep the mean."""

import math

import numpy as np
import pytest
from arrays import pictures_and_palettes
from helpers import drawing, may_show, noise, photo, surface
from hypothesis import given, settings
from hypothesis import strategies as st

import kmcodec
from kmcodec.quantizer.cloud import Cloud
from kmcodec.quantizer.dithering import (
    DITHERINGS,
    Ditherer,
    bayer_matrix,
    measure_spacings,
    row_pieces,
    sum_around,
)
from kmcodec.quantizer.histogram import index_colors, look_up
from kmcodec.quantizer.space import SPACES, find_space


def map_nearest(pixels, palette, space="rgb"):
    """Return the entry nearest to each pixel in a space, by way of the histogram."""
    histogram, positions = index_colors(pixels)
    return look_up(
        Cloud(histogram, find_space(space, palette.shape[1])).map_nearest(palette), positions
    )


def map_dithered(name, pixels, palette, dither, space="rgb"):
    """Dithered indices, from those of the nearest entries."""
    histogram, positions = index_colors(pixels)
    cloud = Cloud(histogram, find_space(space, histogram.colors.shape[1]))
    return Ditherer(cloud, palette, cloud.map_nearest(palette), dither, name).map_pixels(positions)


def nearest_by_brute_force(pixels, palette):
    """Return the first of the smallest of all distances: the plain form for levels."""
    delta = pixels[:, :, np.newaxis].astype(int) - palette
    return np.sum(delta**2, axis=3).argmin(axis=2)


def nearest_in_space(pixels, palette, space):
    """Return an equal entry, else the first of the smallest of all distances, for points."""
    flat = pixels.reshape(-1, pixels.shape[2])
    points = find_space(space, flat.shape[1]).to_points(flat).astype(int)
    entries = find_space(space, flat.shape[1]).to_points(palette).astype(int)
    distances = np.sum((points[:, np.newaxis] - entries) ** 2, axis=2)
    distances[~may_show(flat, palette)] = np.iinfo(int).max
    distances[np.all(flat[:, np.newaxis] == palette, axis=2)] = -1
    return distances.argmin(axis=1).reshape(pixels.shape[:2])


def points_by_hand(colors, space):
    """Points of (..., c) colors, with four channels."""
    points = (
        find_space(space, colors.shape[-1])
        .to_points(colors.reshape(-1, colors.shape[-1]))
        .astype(int)
    )
    padded = np.pad(points, ((0, 0), (0, 4 - colors.shape[-1])))
    return padded.reshape(*colors.shape[:-1], 4)


def alphas_by_hand(colors):
    """Alpha, 255 where there is none."""
    return colors[..., -1] if colors.shape[-1] in {2, 4} else np.full(colors.shape[:-1], 255)


def spacings_by_hand(entries):
    """Return the mean distance of each entry to the nearest four that differ from it."""
    spacings = []
    distinct = np.unique(entries, axis=0)
    for entry in entries:
        distances = np.sqrt(np.sum((distinct - entry) ** 2, axis=1))
        nearest = sorted(round(distance) for distance in distances.tolist() if distance)[:4]
        spacings.append(sum(nearest) // len(nearest) if nearest else 0)
    return spacings


def strengths_by_hand(points, spacings, dither):
    """Return the strength of dithering at each pixel, weakened by the greatest contrast."""
    height, width, _ = points.shape
    strengths = np.zeros((height, width), int)
    for y, x in np.ndindex(height, width):
        around = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
        inside = [points[v, u] for v, u in around if 0 <= v < height and 0 <= u < width]
        most = max((np.sum((points[y, x] - other) ** 2) for other in inside), default=0)
        square = 2 * spacings[y, x] ** 2
        strengths[y, x] = 255 * square // max(square + most, 1) * round(255 * dither) // 255
    return strengths


def divide(value, divisor):
    """Divide integers towards zero."""
    return -(-value // divisor) if value < 0 else value // divisor


class ByHand:
    """A picture and a palette, to be dithered one pixel after the other."""

    def __init__(self, pixels, palette, dither, space):
        self.points, self.entries = points_by_hand(pixels, space), points_by_hand(palette, space)
        self.alphas, self.entry_alphas = alphas_by_hand(pixels), alphas_by_hand(palette)
        self.nearest = map_nearest(pixels, palette, space).astype(int)
        self.spacings = np.array(spacings_by_hand(self.entries))[self.nearest]
        self.strengths = strengths_by_hand(self.points, self.spacings, dither)

    def stays(self, y, x):
        """Whether a pixel is as its nearest entry, or cannot be seen."""
        offset = self.points[y, x] - self.entries[self.nearest[y, x]]
        return self.alphas[y, x] == 0 or np.sum(offset**2) <= 2 * 16**2

    def find(self, y, x, point):
        """Return the entry nearest to a point, unless the pixel is opaque and that is otherwise."""
        index, nearest = np.sum((self.entries - point) ** 2, axis=1).argmin(), self.nearest[y, x]
        if self.alphas[y, x] == 255 and self.entry_alphas[index] != self.entry_alphas[nearest]:
            return nearest
        return index

    def diffuse(self):
        """Diffuse errors by Floyd and Steinberg, in a serpentine."""
        height, width, _ = self.points.shape
        errors = np.zeros((height + 1, width + 2, 4), int)
        indices = self.nearest.copy()
        for y in range(height):
            step = -1 if y % 2 else 1
            for x in range(width)[::step]:
                point = self.points[y, x].copy()
                if not self.stays(y, x):
                    taken = [divide(e * self.strengths[y, x], 16 * 255) for e in errors[y, x + 1]]
                    length = math.isqrt(sum(int(error) ** 2 for error in taken))
                    reach = self.spacings[y, x] // 2
                    if sum(int(error) ** 2 for error in taken) > reach**2:
                        taken = [divide(error * reach, length) for error in taken]
                    point += taken
                    indices[y, x] = self.find(y, x, point)
                if self.alphas[y, x] == 0:
                    continue
                error = point - self.entries[indices[y, x]]
                errors[y, x + 1 + step] += 7 * error
                errors[y + 1, x + 1 - step] += 3 * error
                errors[y + 1, x + 1] += 5 * error
                errors[y + 1, x + 1 + step] += error
        return indices

    def order(self):
        """Mix each pixel's entry with the one across from it, by Bayer's pattern."""
        indices = self.nearest.copy()
        for y, x in np.ndindex(indices.shape):
            nearest = self.nearest[y, x]
            offset = self.points[y, x] - self.entries[nearest]
            length = math.isqrt(int(np.sum(offset**2)))
            if self.stays(y, x):
                continue
            far = max(12 * length, 5 * int(self.spacings[y, x]))
            across = self.entries[nearest] + [divide(o * far, 8 * length) for o in offset]
            partner = self.find(y, x, across)
            line = self.entries[partner] - self.entries[nearest]
            if np.sum(offset * line) <= 0:
                continue
            share = min(128 * int(np.sum(offset * line)) // int(np.sum(line**2)), 64)
            cell = sum(  # bits of x ^ y and y in turn, those of the smallest squares first
                (2 * ((x ^ y) >> bit & 1) + (y >> bit & 1)) << 2 * (2 - bit) for bit in range(3)
            )
            cell = 63 - cell if partner < nearest else cell
            if 255 * (2 * cell + 1) <= share * self.strengths[y, x]:
                indices[y, x] = partner
        return indices


BY_HAND = {"diffusion": ByHand.diffuse, "ordered": ByHand.order}


spaces = pytest.mark.parametrize("space", SPACES)
ditherings = pytest.mark.parametrize("name", DITHERINGS)


@spaces
@given(example=pictures_and_palettes(9, 40))
@settings(max_examples=80, deadline=None)
def test_nearest_is_brute_force_on_small_pictures(space, example):
    """Each pixel gets an equal entry or the nearest, of several the first."""
    np.testing.assert_array_equal(map_nearest(*example, space), nearest_in_space(*example, space))


@spaces
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("k", [1, 2, 16, 256, 257, 3000])
def test_nearest_is_brute_force(space, channels, k):
    """So it is for any number of channels and entries."""
    pixels, palette = noise((17, 13, channels)), noise((k, channels), seed=1)
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
    cloud = Cloud(histogram, find_space(space, histogram.colors.shape[1]))
    nearest = cloud.map_nearest(palette)
    delta = palette[nearest[positions]].astype(int) - pixels
    assert cloud.loss(palette, nearest).mse == np.sum(delta**2) / 600


@ditherings
@spaces
@given(
    example=pictures_and_palettes(9, 40),
    dither=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
)
@settings(max_examples=40, deadline=None)
def test_dithering_is_the_plain_form(name, space, example, dither):
    """Every index is that of dithering by hand."""
    np.testing.assert_array_equal(
        map_dithered(name, *example, dither, space), BY_HAND[name](ByHand(*example, dither, space))
    )


@ditherings
@pytest.mark.parametrize(("channels", "k"), [(1, 2), (3, 9), (3, 300), (4, 60)])
def test_dithering_a_photo_is_the_plain_form(name, channels, k):
    """So it is where errors travel far and the tree is deep."""
    pixels, palette = surface(32, 24, channels), noise((k, channels))
    indices = map_dithered(name, pixels, palette, 1.0)
    assert indices.dtype == (np.uint8 if k <= 256 else np.uint16)
    np.testing.assert_array_equal(indices, BY_HAND[name](ByHand(pixels, palette, 1.0, "rgb")))


@pytest.mark.parametrize("k", [1, 2, 5, 40, 200])
def test_spacings_are_of_the_nearest_entries_that_differ(k, monkeypatch):
    """Many entries are searched by a tree, which finds the same; equal entries are one."""
    entries = np.random.default_rng(k).integers(0, 40, (k, 4)).astype(np.int32) * 50
    entries[k // 2 :: 7] = entries[0]
    assert measure_spacings(entries).tolist() == spacings_by_hand(entries)
    monkeypatch.setattr("kmcodec.quantizer.dithering._MAX_PAIRS", 0)
    assert measure_spacings(entries).tolist() == spacings_by_hand(entries)


@ditherings
@spaces
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_no_dithering_is_the_nearest_entry(name, space, channels):
    """Of strength 0, dithering changes nothing."""
    pixels, palette = noise((40, 30, channels)), noise((50, channels), seed=1)
    np.testing.assert_array_equal(
        map_dithered(name, pixels, palette, 0, space), map_nearest(pixels, palette, space)
    )


@ditherings
@pytest.mark.parametrize("gray", [1, 5, 40, 128, 200, 254])
def test_dithering_keeps_the_mean(name, gray):
    """A flat gray becomes black and white in proportion."""
    black_white = np.array([[0], [255]], np.uint8)
    pixels = np.full((64, 64, 1), gray, np.uint8)
    indices = map_dithered(name, pixels, black_white, 1.0)
    assert abs(255 * indices.mean() - gray) <= 2


@ditherings
def test_half_the_dither_changes_less(name):
    """Weaker dithering is nearer to the pixels, none is nearest."""
    pixels = photo(96, 64)
    palette = pixels[::16, ::16].reshape(-1, 3)
    errors = [
        np.sum((palette[map_dithered(name, pixels, palette, dither)].astype(int) - pixels) ** 2)
        for dither in (0.0, 0.5, 1.0)
    ]
    assert errors[0] < errors[1] < errors[2]


def ramp(width, height, low=0, high=255):
    """Make a gradient from left to right, of one channel."""
    levels = np.rint(np.linspace(low, high, width)).astype(np.uint8)
    return np.repeat(levels[np.newaxis, :, np.newaxis], height, axis=0)


def error_of_means(indices, pixels, palette):
    """Return the mean difference of the means of 8 x 8 pixels, as they look from a distance."""
    height, width = indices.shape
    delta = palette[indices].astype(float) - pixels
    means = delta.reshape(height // 8, 8, width // 8, 8, -1).mean(axis=(1, 3))
    return np.abs(means).mean()


@ditherings
@pytest.mark.parametrize("dither", [1.0, "auto"])
def test_dithering_keeps_the_mean_of_a_gradient(name, dither):
    """Means of 8 x 8 pixels are nearer to those of the picture than without dithering."""
    pixels = ramp(256, 64)
    palette = np.linspace(0, 255, 8).astype(np.uint8)[:, np.newaxis]
    plain = error_of_means(map_nearest(pixels, palette), pixels, palette)
    dithered = map_dithered(name, pixels, palette, dither)
    assert error_of_means(dithered, pixels, palette) < plain / 5


@ditherings
def test_dithering_costs_little_psnr(name):
    """It takes less than 1.5 dB off a picture like a photograph, where it was 3 to 4."""
    pixels = photo(128, 96)
    palette, nearest = kmcodec.quantize(pixels, 16)
    delta = [
        palette[indices].astype(int) - pixels
        for indices in (nearest, map_dithered(name, pixels, palette, 1.0))
    ]
    before, after = (np.mean(part**2) for part in delta)
    assert before < after < 10**0.15 * before


@ditherings
@pytest.mark.parametrize("dither", [1.0, "auto"])
def test_flat_areas_of_the_palette_stay_as_they_are(name, dither):
    """No error of what is beside them shows in them."""
    pixels = photo(96, 64)
    pixels[20:44, 30:60] = 200, 30, 60
    pixels[:, 80:] = 5, 5, 250
    palette = np.vstack((pixels[::16, ::16].reshape(-1, 3), [[200, 30, 60], [5, 5, 250]]))
    indices = map_dithered(name, pixels, palette.astype(np.uint8), dither)
    assert (palette[indices[20:44, 30:60]] == (200, 30, 60)).all()
    assert (palette[indices[:, 80:]] == (5, 5, 250)).all()


@ditherings
def test_flat_areas_nobody_tells_from_their_entry_stay_flat(name):
    """An entry that is off by a level in two channels serves alone."""
    pixels = np.full((40, 40, 3), 100, np.uint8)
    palette = np.array([[101, 99, 100], [90, 90, 90], [140, 100, 100]], np.uint8)
    assert not map_dithered(name, pixels, palette, 1.0).any()


@ditherings
def test_edges_stay_clean(name):
    """Two colors that meet get no specks of each other, nor of a third, whatever their entries."""
    pixels = np.full((48, 48, 3), (210, 60, 50), np.uint8)
    pixels[np.tri(48, dtype=bool)] = 40, 70, 160
    palette = np.array([[206, 62, 55], [44, 66, 155], [0, 0, 0], [255, 255, 255]], np.uint8)
    np.testing.assert_array_equal(map_dithered(name, pixels, palette, 1.0), np.tri(48, dtype=int))


def test_errors_do_not_travel():
    """A color that the palette lacks is not made up for in what is beside it."""
    pixels = np.full((40, 60, 3), 128, np.uint8)
    pixels[:, 20:40] = 255, 0, 255
    palette = np.array([[0, 0, 0], [100, 100, 100], [150, 150, 150], [255, 255, 255]], np.uint8)
    alone = map_dithered("diffusion", pixels[:, 44:], palette, 1.0)
    indices = map_dithered("diffusion", pixels, palette, 1.0)
    assert set(np.unique(indices[:, 44:])) == set(np.unique(alone)) == {1, 2}
    assert abs(indices[:, 44:].mean() - alone.mean()) < 0.05


@ditherings
def test_auto_leaves_drawings_alone(name):
    """Flat areas, lines, text and texture are as without dithering; only a sky is dithered."""
    sky, texture = np.repeat(ramp(160, 80, 120, 200), 3, axis=2), noise((80, 160, 3)) // 4
    flat = drawing(160, 80)
    flat[30:50, 20:140:3] = 90, 90, 90
    palette = np.array([[level] * 3 for level in range(0, 256, 17)], np.uint8)
    for pixels in (flat, texture):
        np.testing.assert_array_equal(
            map_dithered(name, pixels, palette, "auto"), map_nearest(pixels, palette)
        )
    together = np.vstack((flat, sky))
    changed = map_dithered(name, together, palette, "auto") != map_nearest(together, palette)
    assert not changed[:72].any()
    assert changed[96:].mean() > 0.2


def test_sums_around_are_those_of_squares():
    """Each is of the 17 x 17 pixels around, or of as many as there are."""
    flags = noise((23, 30)) < 100
    expected = [
        flags[max(0, y - 8) : y + 9, max(0, x - 8) : x + 9].sum() for y, x in np.ndindex(23, 30)
    ]
    assert sum_around(flags).ravel().tolist() == expected


@ditherings
def test_colors_of_the_palette_stay_clean(name):
    """Where every pixel is a palette color there is no error to diffuse."""
    palette = noise((30, 3))
    indices = np.random.default_rng(0).integers(0, 30, (20, 20))
    np.testing.assert_array_equal(map_dithered(name, palette[indices], palette, 1.0), indices)


@pytest.mark.parametrize(("y", "x"), [(0, 8), (16, 0), (8, 24)])
def test_ordered_dithering_repeats_itself(y, x):
    """Parts that start at multiples of 8 are dithered as in the whole, but for the first pixels."""
    pixels, palette = photo(48, 40), noise((12, 3))
    whole = map_dithered("ordered", pixels, palette, 1.0)
    part = map_dithered("ordered", pixels[y:, x:], palette, 1.0)
    np.testing.assert_array_equal(part[1:, 1:], whole[y:, x:][1:, 1:])


def test_ordered_pairs_meet_halfway():
    """Just before and after the middle of two entries, they are mixed alike."""
    palette = np.array([[100, 90, 80], [150, 140, 130]], np.uint8)
    before, after = (np.full((8, 8, 3), (0, -10, -20), np.int16) + level for level in (124, 126))
    mixed = [
        map_dithered("ordered", part.astype(np.uint8), palette, 1.0) for part in (before, after)
    ]
    assert [part.sum() for part in mixed] == [31, 33]
    assert (mixed[0] <= mixed[1]).all()


@ditherings
@spaces
@pytest.mark.parametrize("channels", [2, 4])
def test_opaque_stays_opaque(name, space, channels):
    """Beside soft edges, opaque pixels have the alpha of their nearest entry."""
    pixels, palette = surface(48, 40, channels), noise((24, channels))
    pixels[..., -1] = ramp(48, 40, 0, 400 - 145)[..., 0]
    pixels[10:30, 12:36, -1] = 255
    palette[::3, -1], palette[1::3, -1] = 255, 0
    nearest = palette[map_nearest(pixels, palette, space), -1]
    dithered = palette[map_dithered(name, pixels, palette, 1.0, space), -1]
    opaque = pixels[..., -1] == 255
    np.testing.assert_array_equal(dithered[opaque], nearest[opaque])


@pytest.mark.parametrize("channels", [2, 4])
def test_soft_shadows_are_dithered(channels):
    """A smooth alpha of few entries is nearer from a distance, as is a color."""
    pixels = np.zeros((64, 128, channels), np.uint8)
    pixels[..., -1:] = ramp(128, 64, 1, 254)
    palette = np.zeros((5, channels), np.uint8)
    palette[:, -1] = 0, 64, 128, 192, 255
    plain, dithered = (
        error_of_means(indices, pixels, palette)
        for indices in (
            map_nearest(pixels, palette),
            map_dithered("diffusion", pixels, palette, 1.0),
        )
    )
    assert dithered < plain / 4


@ditherings
def test_almost_invisible_errors_are_as_small(name):
    """Bright red that hardly shows, and has no entry, changes nothing beside it."""
    pixels = np.full((24, 24, 4), (128, 128, 128, 255), np.uint8)
    pixels[:, ::2] = 255, 0, 0, 3
    palette = np.array([[0, 0, 0, 0], [120, 120, 120, 255], [255, 255, 255, 255]], np.uint8)
    indices = map_dithered(name, pixels, palette, 1.0)
    assert set(np.unique(indices[:, ::2])) == {0}
    assert set(np.unique(indices[:, 1::2])) == {1}


@ditherings
def test_transparent_pixels_pass_no_error(name):
    """What cannot be seen does not show beside it."""
    pixels = np.full((16, 16, 4), 255, np.uint8)
    pixels[:, :8] = 77, 77, 77, 0
    palette = np.array([[0, 0, 0, 0], [0, 0, 0, 255], [255, 255, 255, 255]], np.uint8)
    expected = np.where(pixels[..., 3] == 0, 0, 2)
    np.testing.assert_array_equal(map_dithered(name, pixels, palette, 1.0), expected)


@ditherings
@spaces
def test_transparent_pixels_keep_their_entries(name, space):
    """A pixel of alpha 0 has its entry as without dithering."""
    pixels, palette = noise((16, 16, 4)), noise((30, 4), seed=1)
    pixels[:, :9, 3] = 0
    indices = map_dithered(name, pixels, palette, 1.0, space)
    np.testing.assert_array_equal(indices[:, :9], map_nearest(pixels, palette, space)[:, :9])


@ditherings
@pytest.mark.parametrize("dither", [1.0, "auto"])
@pytest.mark.parametrize("shape", [(1, 1, 3), (9, 8, 3), (1, 300, 1), (300, 1, 4)])
def test_one_entry_is_all_there_is(name, dither, shape):
    """A palette of one entry, or of equal ones, has nothing to mix."""
    assert not map_dithered(name, noise(shape), noise((1, shape[2])), dither).any()
    equal = np.full((3, shape[2]), 9, np.uint8)
    assert not map_dithered(name, noise(shape), equal, dither).any()


def test_read_only_views_are_mapped():
    """Pixels and palette need be neither contiguous nor writable."""
    pixels, palette = noise((40, 30, 4))[::-2, ::3, :3], noise((50, 4))[::2, :3]
    pixels.flags.writeable = palette.flags.writeable = False
    expected = nearest_by_brute_force(pixels, palette)
    np.testing.assert_array_equal(map_nearest(pixels, palette), expected)
    for name in DITHERINGS:
        np.testing.assert_array_equal(map_dithered(name, pixels, palette, 0), expected)


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


@ditherings
@pytest.mark.parametrize("dither", [1.0, "auto"])
@pytest.mark.parametrize("channels", [3, 4])
def test_pieces_do_not_show(name, dither, channels, monkeypatch):
    """Rows are dithered a piece at a time, so that an interrupt comes between them."""
    y, x, c = np.mgrid[0:61, 0:50, 0:channels]
    pixels = (100 + x + y // 2 + 3 * c).astype(np.uint8)
    palette = pixels[::20, ::20].reshape(-1, channels)
    whole = map_dithered(name, pixels, palette, dither)
    assert (whole != map_nearest(pixels, palette)).any()
    monkeypatch.setattr("kmcodec.quantizer.dithering.PIECE_PIXELS", 1)

    assert [rows.stop - rows.start for rows in row_pieces((61, 50))] == [8] * 7 + [5]
    assert (map_dithered(name, pixels, palette, dither) == whole).all()
