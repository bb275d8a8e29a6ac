"""Rate-aware mapping: fewer bits for a little more squared error, and never more bits."""

import hashlib
import importlib
import io
import math
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from arrays import pictures_and_palettes
from helpers import KINDS, drawing, may_show, photo, plane, surface
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import kmcodec
from kmcodec.cli import convert
from kmcodec.options import Options
from kmcodec.quantizer.cloud import Cloud
from kmcodec.quantizer.histogram import index_colors
from kmcodec.quantizer.rate import MAX_RATE, NEAREST, ROUNDS, WEIGHTS
from kmcodec.quantizer.space import SPACES

rate_module = importlib.import_module("kmcodec.quantizer.rate")
PARROTS = Path(__file__).parent / "pictures" / "parrots.png"


def map_rate_aware(pixels, palette, rate, space="rgb", **options):
    """Of a picture, its colors placed in a space."""
    histogram, positions = index_colors(pixels)
    cloud = Cloud(histogram, SPACES[space])
    return rate_module.map_rate_aware(cloud, positions, palette, rate, **options)


def to_points(colors, space="rgb"):
    """Pixels or entries (..., c) as points."""
    return SPACES[space].to_points(colors.reshape(-1, colors.shape[-1])).reshape(colors.shape)


def map_nearest(pixels, palette):
    """Return the nearest entry that each pixel may have, by brute force."""
    points, entries = to_points(pixels).astype(int), to_points(palette).astype(int)
    distances = np.sum((points[:, :, np.newaxis] - entries) ** 2, axis=3)
    allowed = may_show(pixels.reshape(-1, pixels.shape[2]), palette).reshape(distances.shape)
    return np.where(allowed, distances, np.iinfo(int).max).argmin(axis=2)


def hidden_color(pixels):
    """Return what shows pixels of alpha 0: the color of most of them, else black."""
    flat = pixels.reshape(-1, pixels.shape[2])
    colors, counts = np.unique(flat[flat[:, -1] == 0], axis=0, return_counts=True)
    return colors[counts.argmax()] if len(colors) else np.zeros_like(flat[0])


def log2_in_256ths(number):
    """Return the logarithm of the first 12 bits of a number, in 1/256, rounded, and the rest."""
    number = int(number)
    length = number.bit_length()
    first = number >> length - 12 if length > 12 else number << 12 - length
    return round(256 * math.log2(first)) + 256 * (length - 12)


def bits_by_hand(indices, k, groups):
    """Count what an index needs beside each neighbor, in 1/16: by place, group and index."""
    height, width = indices.shape
    places = [(dy, dx, share, True) for (dy, dx), share in WEIGHTS.items()]
    places += [(-dy, -dx, share, False) for (dy, dx), share in WEIGHTS.items()]
    bits = {}
    for dy, dx, share, before in places:
        pairs = np.zeros((max(groups) + 1, k), int)
        for y in range(height):
            for x in range(width):
                if 0 <= y + dy < height and 0 <= x + dx < width:
                    pairs[groups[indices[y + dy, x + dx]], indices[y, x]] += 1
        pairs = 16 * pairs + 1
        sums = pairs.sum(axis=int(before), keepdims=True) + 0 * pairs
        logs = np.vectorize(log2_in_256ths)
        bits[dy, dx] = (2 * (logs(sums) - logs(pairs)) * share + 112) // 224
    return bits


def near_by_hand(palette):
    """Return the entries nearest to each, in order of distance and then of index."""
    gaps = np.sum((palette[:, np.newaxis] - palette) ** 2, axis=2)
    return np.argsort(gaps, axis=1, kind="stable")[:, :NEAREST].tolist()


def map_by_hand(pixels, palette, rate, near_of=near_by_hand, groups_of=lambda p: range(len(p))):
    """Compare all of a pixel's candidates, one pixel after the other: the plain form."""
    height, width, channels = pixels.shape
    points = to_points(pixels).astype(int)
    indices = map_nearest(pixels, palette)
    hidden = hidden_color(pixels)
    for _ in range(ROUNDS):
        k, entries = len(palette), to_points(palette).astype(int)
        groups, near = list(groups_of(entries)), near_of(entries)
        nearest = map_nearest(pixels, palette)
        allowed = may_show(pixels.reshape(-1, channels), palette).reshape(height, width, k)
        bits = bits_by_hand(indices, k, groups)
        for y in range(height):
            for x in range(width):
                errors = np.sum((entries - points[y, x]) ** 2, axis=1)
                candidates = set(near[nearest[y, x]])
                needs = np.zeros(k, int)
                for (dy, dx), table in bits.items():
                    if 0 <= y + dy < height and 0 <= x + dx < width:
                        needs += table[groups[indices[y + dy, x + dx]]]
                        candidates.add(indices[y + dy, x + dx])
                costs = errors * 4096 + round(rate * 256) * 256 * needs
                fitting = [index for index in sorted(candidates) if allowed[y, x, index]]
                indices[y, x] = min(fitting, key=lambda index: costs[index])
        sums = {i: points[indices == i].sum(axis=0) for i in np.unique(indices)}
        means = {i: sums[i] / np.sum(indices == i) for i in sums}
        moved = {}
        for i, mean in means.items():
            if channels in {2, 4} and palette[i, -1] in {0, 255}:
                mean[-1] = entries[i, -1]
            (color,) = SPACES["rgb"].to_colors(mean[np.newaxis])
            is_hidden = channels in {2, 4} and color[-1] == 0
            moved[i] = tuple(hidden if is_hidden else color)
        palette = np.array(sorted(set(moved.values())), np.uint8).reshape(-1, channels)
        rows = [tuple(entry) for entry in palette]
        indices = np.array([[rows.index(moved[i]) for i in row] for row in indices])
    return palette, indices


def pixels_and_palettes(most_entries):
    """Small pictures, with palettes of distinct entries of as many channels."""
    return pictures_and_palettes(7, most_entries).map(
        lambda example: (example[0], np.unique(example[1], axis=0))
    )


def psnr(pixels, data):
    """Of a file of these pixels, in dB."""
    error = np.mean((kmcodec.decode(data).astype(float) - pixels) ** 2)
    return 10 * np.log10(255**2 / error)


def parrots():
    """Open a real photograph, 256 x 256."""
    with Image.open(PARROTS) as image:
        return np.asarray(image.convert("RGB"))


@cache
def encoded(colors, rate=0):
    """Return the file of the photograph."""
    return kmcodec.encode(parrots(), colors, rate=rate)


rates = st.one_of(st.sampled_from([0, 0.25, 4, 64, 1000, 1e9]), st.floats(0, 200))


@given(example=pixels_and_palettes(NEAREST), rate=rates)
@settings(max_examples=40, deadline=None)
def test_each_pixel_gets_the_entry_of_least_error_and_bits(example, rate):
    """Palette and indices are those of the plain form, which compares all entries."""
    expected_palette, expected = map_by_hand(*example, min(rate, MAX_RATE))

    palette, indices = map_rate_aware(*example, rate)

    np.testing.assert_array_equal(palette, expected_palette)
    np.testing.assert_array_equal(indices, expected)


@pytest.mark.parametrize("rate", [3, 30])
def test_of_many_entries_those_near_and_those_of_neighbors_are_compared(rate):
    """With more entries than are near, the plain form with these candidates agrees."""
    pixels = photo(24, 20)
    palette = np.unique(pixels.reshape(-1, 3)[::5], axis=0)
    assert len(palette) > 4 * NEAREST

    expected_palette, expected = map_by_hand(pixels, palette, rate)
    palette, indices = map_rate_aware(pixels, palette, rate)

    np.testing.assert_array_equal(palette, expected_palette)
    np.testing.assert_array_equal(indices, expected)


def test_in_large_palettes_similar_neighbors_are_one(monkeypatch):
    """Where a table for each entry would be too large, groups of entries share its rows."""
    pixels = photo(24, 20)
    palette = np.unique(pixels.reshape(-1, 3)[::5], axis=0)
    alone = map_rate_aware(pixels, palette, 10)
    monkeypatch.setattr(rate_module, "MAX_TABLE", 500)

    def groups_of(palette):
        groups = rate_module._group_entries(palette.astype(np.uint16)).tolist()
        assert set(groups[:-1]) == set(range(500 // len(palette)))
        assert groups[-1] == 500 // len(palette) > 1
        return groups[:-1]

    def near_of(palette):
        lists, gaps = rate_module._near_entries(palette.astype(np.int32))
        return [row[certain].tolist() for row, certain in zip(lists, gaps < 1 << 40, strict=True)]

    expected_palette, expected = map_by_hand(pixels, palette, 10, near_of, groups_of)
    palette, indices = map_rate_aware(pixels, palette, 10)

    np.testing.assert_array_equal(palette, expected_palette)
    np.testing.assert_array_equal(indices, expected)
    assert (indices != alone[1]).any()


def test_near_entries_are_the_same_by_distances_and_by_a_tree(monkeypatch):
    """Both find the nearest in order; the tree knows no more than are certain."""
    entries = np.unique(np.random.default_rng(0).integers(0, 12, (300, 4)), axis=0).astype(np.int32)
    lists, gaps = rate_module._near_entries(entries)
    assert (lists[:, 0] == np.arange(len(entries))).all()

    monkeypatch.setattr(rate_module, "MAX_TABLE", 0)
    tree_lists, tree_gaps = rate_module._near_entries(entries)

    certain = tree_gaps < 1 << 40
    assert certain[:, :4].all()
    assert (np.sort(~certain, axis=1) == ~certain).all()
    np.testing.assert_array_equal(tree_lists[certain], lists[certain])
    np.testing.assert_array_equal(tree_gaps[certain], gaps[certain])


@given(example=pixels_and_palettes(40))
@settings(max_examples=40, deadline=None)
def test_rate_0_is_the_nearest_entry(example):
    """Bits that cost nothing change nothing."""
    palette, indices = map_rate_aware(*example, 0, fixed=len(example[1]))

    assert palette is example[1]
    np.testing.assert_array_equal(indices, map_nearest(*example))


@given(example=pixels_and_palettes(40), rate=rates)
@settings(max_examples=40, deadline=None)
def test_entries_stay_distinct_in_order_and_in_use(example, rate):
    """No more entries than given come back, in ascending order, each of some pixel."""
    palette, indices = map_rate_aware(*example, rate)

    assert 1 <= len(palette) <= len(example[1])
    assert palette.dtype == indices.dtype == np.uint8
    np.testing.assert_array_equal(palette, np.unique(palette, axis=0))
    np.testing.assert_array_equal(np.unique(indices), np.arange(len(palette)))


def test_a_fixed_palette_stays():
    """The indices alone change, to entries of the palette that was given."""
    pixels = surface(40, 30)
    given_palette = np.unique(pixels.reshape(-1, 3)[::31], axis=0)[::-1]

    palette, indices = map_rate_aware(pixels, given_palette, 20, fixed=len(given_palette))

    assert palette is given_palette
    assert indices.max() < len(palette)
    assert 0 < (indices != map_nearest(pixels, palette)).mean() < 1


def test_more_than_256_entries_have_wide_indices():
    """And all channels count, alpha too."""
    pixels = surface(60, 50, 4)
    palette = np.unique(pixels.reshape(-1, 4)[::2], axis=0)
    assert len(palette) > 1024

    palette, indices = map_rate_aware(pixels, palette, 0.25)

    assert len(palette) > 256
    assert indices.dtype == np.uint16
    assert len(np.unique(indices)) == len(palette)


def test_the_number_of_threads_makes_no_difference(monkeypatch):
    """Bands see the indices before the round of one another, whoever is first."""
    pixels = surface(64, 61)
    palette = np.unique(pixels.reshape(-1, 3)[::101], axis=0)
    whole = map_rate_aware(pixels, palette, 20)
    monkeypatch.setattr(rate_module, "BAND_PIXELS", 5 * 64)

    banded = [map_rate_aware(pixels, palette, 20, threads=threads) for threads in (1, 2, 7)]

    assert (banded[0][1] != whole[1]).any()  # there are bands
    for palette, indices in banded[1:]:
        np.testing.assert_array_equal(palette, banded[0][0])
        np.testing.assert_array_equal(indices, banded[0][1])


@pytest.mark.parametrize(
    ("channels", "rate", "digest"),
    [
        (1, 2, "3f9582e873130efe"),
        (2, 16, "5baa92048b92e787"),
        (3, 8, "723efcdee55d5431"),
        (3, 500, "0764bab336a25c75"),
        (4, 32, "f6969b08a1e5c284"),
    ],
)
def test_the_same_pixels_give_the_same_indices_on_every_machine(channels, rate, digest):
    """Frozen results: a change of the rule must be meant."""
    pixels = surface(96, 64, channels)
    palette = np.unique(pixels.reshape(-1, channels)[::97], axis=0)

    result = map_rate_aware(pixels, palette, rate)

    assert hashlib.sha256(b"".join(a.tobytes() for a in result)).hexdigest()[:16] == digest


def test_no_logarithm_is_near_to_where_rounding_turns():
    """So another machine's logarithm, right to 1e-9, gives the same table."""
    exact = 256 * np.log2(np.arange(2048, 4096))

    assert np.abs(exact - np.floor(exact) - 0.5).min() > 1e-4


def test_above_the_greatest_rate_nothing_changes():
    """Bits alone count then, as far as they go."""
    pixels = surface(40, 30)
    palette = np.unique(pixels.reshape(-1, 3)[::31], axis=0)

    for a, b in zip(
        map_rate_aware(pixels, palette, MAX_RATE),
        map_rate_aware(pixels, palette, 1e300),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)


@given(example=pixels_and_palettes(40), rate=rates)
@settings(max_examples=40, deadline=None)
def test_fixed_entries_come_first_and_stay(example, rate):
    """The others move and merge, but never into what is fixed."""
    fixed = (len(example[1]) + 1) // 2
    palette, indices = map_rate_aware(*example, rate, fixed=fixed)

    np.testing.assert_array_equal(palette[:fixed], example[1][:fixed])
    assert len(np.unique(palette, axis=0)) == len(palette) <= len(example[1])
    assert set(range(fixed, len(palette))) <= set(indices.ravel().tolist())


def test_errors_are_those_of_the_space():
    """In Oklab another picture is the nearest for the same bits."""
    pixels = parrots()[:60, :80]
    palette = np.unique(pixels.reshape(-1, 3)[::31], axis=0)
    errors = []
    for space in ("rgb", "oklab"):
        entries, indices = map_rate_aware(pixels, palette, 20, space)
        delta = to_points(entries[indices], "oklab").astype(int) - to_points(pixels, "oklab")
        errors.append(np.sum(delta**2))

    assert errors[1] < errors[0]


@pytest.mark.parametrize(
    ("colors", "rate", "size", "loss"), [(16, 64, 0.9, 0.1), (64, 16, 0.9, 0.1), (256, 8, 0.9, 0.1)]
)
def test_a_photograph_shrinks_more_than_it_loses(colors, rate, size, loss):
    """Files shrink to this share, for at most so many dB."""
    pixels = parrots()
    plain, lowered = encoded(colors), encoded(colors, rate)

    assert len(lowered) < size * len(plain)
    assert psnr(pixels, plain) - loss < psnr(pixels, lowered)


def test_fewer_bits_cost_less_than_fewer_colors():
    """At no lower PSNR, a file is smaller than with fewer colors."""
    pixels = parrots()
    lowered, fewer = encoded(64, 32), encoded(56)

    assert psnr(pixels, lowered) >= psnr(pixels, fewer)
    assert len(lowered) < 0.92 * len(fewer)


@pytest.mark.parametrize("colors", [16, 64, 256])
def test_files_shrink_as_the_rate_grows(colors):
    """Each step of the ladder is smaller than the one before."""
    pixels = parrots()[64:192, 64:192]
    sizes = [len(kmcodec.encode(pixels, colors, rate=r)) for r in (0, 1, 2, 4, 8, 16, 32, 64)]

    assert all(b < a for a, b in pairwise(sizes)), sizes


@given(
    kind=st.sampled_from(KINDS),
    shape=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    colors=st.integers(1, 40),
    rate=st.floats(0.01, 1000),
    coding=st.sampled_from(["modelled", "packed"]),
)
@settings(max_examples=20, deadline=None)
def test_no_file_gets_larger(kind, shape, colors, rate, coding):
    """Neither small nor strange pictures, in either coding."""
    entries = np.random.default_rng(1).integers(0, 256, (60, 3)).astype(np.uint8)
    pixels = entries[plane(kind, shape, 60)]

    plain = kmcodec.encode(pixels, colors, coding=coding)
    lowered = kmcodec.encode(pixels, colors, coding=coding, rate=rate)

    assert len(lowered) <= len(plain)


def test_where_nothing_is_gained_the_picture_stays_as_it_was(monkeypatch):
    """A mapping that made things worse leaves the file of rate 0, byte for byte."""
    pixels = surface(64, 64)
    worse = np.random.default_rng(0).integers(0, 16, (64, 64), dtype=np.uint8)
    quantize = importlib.import_module("kmcodec.quantizer.pictures")
    monkeypatch.setattr(quantize, "map_rate_aware", lambda *given, **_: (given[2], worse))

    assert kmcodec.encode(pixels, 16, rate=9) == kmcodec.encode(pixels, 16)


def test_packed_files_lose_nothing_where_nothing_is_gained():
    """Packed indices take as many bits whatever they are, so no error is spent on them."""
    pixels = surface(64, 64)

    plain = kmcodec.encode(pixels, 64, coding="packed")
    assert kmcodec.encode(pixels, 64, coding="packed", rate=4) == plain


def test_pictures_of_few_colors_are_exact_no_more():
    """A rate asks for loss: a gray photograph, of 256 levels at most, shrinks too."""
    pixels = parrots()[..., 1]

    exact = kmcodec.encode(pixels, 256)
    lowered = kmcodec.encode(pixels, 256, rate=4)

    assert (kmcodec.decode(exact)[..., 0] == pixels).all()
    assert len(lowered) < 0.8 * len(exact)
    assert psnr(pixels[..., np.newaxis], lowered) > 40


@pytest.mark.parametrize("mode", ["P", "PA", "1"])
def test_palettes_of_the_user_stay_as_they_are(mode):
    """What has a palette that fits is exact, for its indices may be labels; so is mode 1."""
    image = Image.fromarray(parrots()[:128, :128]).quantize(40)
    if mode == "PA":
        image = Image.merge("PA", (image, image.convert("L")))
        image.putpalette(parrots()[:20].reshape(-1, 3)[:256].tobytes())
    elif mode == "1":
        image = image.convert("1")

    assert kmcodec.encode(image, rate=1e9) == kmcodec.encode(image)


def test_black_and_white_stay_so():
    """One of the two is kept where one color is asked for, and not their mean."""
    palette, _ = kmcodec.quantize(parrots()[..., 1] > 128, 1, rate=5)

    assert palette.tolist() in ([[0, 0, 0]], [[255, 255, 255]])


def test_palettes_of_the_user_that_do_not_fit_are_chosen_anew():
    """An indexed picture that needs fewer colors is treated as any other."""
    image = Image.fromarray(parrots()).quantize(200)
    plain, lowered = io.BytesIO(), io.BytesIO()

    image.save(plain, "KMQ", colors=64)
    image.save(lowered, "KMQ", colors=64, rate=20)

    assert Image.open(lowered).mode == "P"
    assert len(lowered.getvalue()) < 0.97 * len(plain.getvalue())


def test_drawings_keep_their_colors():
    """Unrelated colors cost far more error than a bit is worth."""
    pixels = drawing(80, 60)

    assert (kmcodec.decode(kmcodec.encode(pixels, rate=16)) == pixels).all()


def test_quantize_gives_what_a_file_holds():
    """Palette and indices of the smaller file, in another order of entries."""
    pixels = parrots()
    palette, indices = kmcodec.quantize(pixels, 64, rate=16)

    data = encoded(64, 16)
    np.testing.assert_array_equal(kmcodec.decode(data), palette[indices])
    assert data == kmcodec.encode(pixels, 64, rate=16, threads=2)


def test_rate_and_dither_exclude_each_other():
    """One spends error to save bits, the other bits to hide error."""
    with pytest.raises(ValueError, match="dither and rate"):
        kmcodec.encode(surface(4, 4), dither=0.5, rate=1)

    assert Options(dither=0.5, rate=0).dither == 0.5
    assert Options(dither=0, rate=1).rate == 1


def test_the_command_has_the_option(tmp_path):
    """``kmq-convert --rate`` writes what ``encode`` does."""
    target = tmp_path / "parrots.kmq"

    assert convert.main(["-k", "16", "--rate", "64", str(PARROTS), str(target)]) == 0
    assert target.read_bytes() == encoded(16, 64)
