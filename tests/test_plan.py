"""What a file is made of: the smaller of modelled and packed, in the order of codes that pays."""

from io import BytesIO
from itertools import permutations

import numpy as np
import pytest
from helpers import drawing, gradient, photo, picture, plane
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import kmcodec
from kmcodec.coding.container import read_head
from kmcodec.coding.plan import plan_file, plan_frames
from kmcodec.coding.sections import SectionReader, read_palette
from kmcodec.format import HEADER_BYTES, MAX_MODELLED_CELLS, Coding, Flags, Mode
from kmcodec.images.pixels import Indexed
from kmcodec.options import Options


def head_of(data):
    """Header, palette and order of a file."""
    return read_head(BytesIO(data), None)


def distant_palette(colors, seed=0):
    """Entries that have nothing in common with their neighbors."""
    return np.random.default_rng(seed).integers(0, 256, (colors, 3)).astype(np.uint8)


def scattered_ramp(colors, shape, seed=0):
    """Make a picture of smooth indices whose palette stands in random order."""
    rng = np.random.default_rng(seed)
    ramp = np.arange(colors)[:, np.newaxis] * [[250, 200, 150]] // colors
    places = rng.permutation(colors)
    palette = np.empty((colors, 3), np.uint8)
    palette[places] = ramp
    return palette, places[plane("dithered", shape, colors, seed)]


@pytest.mark.parametrize("pixels", [gradient(60, 40), drawing(60, 40), photo(60, 40)])
def test_what_can_be_modelled_is(pixels):
    """A picture with any likeness in it is modelled, and smaller for it."""
    modelled, packed = (kmcodec.encode(pixels, 16, coding=c) for c in ("modelled", "packed"))

    assert head_of(modelled).header.coding == Coding.MODELLED
    assert head_of(packed).header.coding == Coding.PACKED
    assert len(modelled) < len(packed)


@pytest.mark.parametrize("colors", [2, 4, 16, 256])
def test_noise_is_packed(colors):
    """Where nothing can be predicted, the indices are packed."""
    data = kmcodec.encode(picture(64, 64, colors))

    assert head_of(data).header.coding == Coding.PACKED


def test_packed_pictures_have_the_shorter_palette():
    """Entries of noise are stored in an order that makes them like their neighbors."""
    levels = np.random.default_rng(0).permutation(256).reshape(16, 16, 1).astype(np.uint8)
    pixels = np.concatenate((levels, 255 - levels, levels), axis=2)
    data = kmcodec.encode(pixels)
    head = head_of(data)

    assert head.header.coding == Coding.PACKED
    assert head.header.flags == Flags.CODED_PALETTE
    assert (head.palette[:, 1] == np.arange(256)).all()
    assert (kmcodec.decode(data) == pixels).all()


def test_one_color_is_packed():
    """A picture of one color has no indices to model."""
    data = kmcodec.encode(picture(300, 200, 1))

    assert head_of(data).header.coding == Coding.PACKED
    assert len(data) == 32 + 3


def test_two_by_two_pixels_of_noise():
    """The smallest pictures cost no more than packed."""
    for places in permutations(range(4)):
        indices = np.reshape(places, (2, 2))
        modelled, packed = (
            kmcodec.encode_indexed(distant_palette(4), indices, coding=coding)
            for coding in ("modelled", "packed")
        )
        assert len(modelled) <= len(packed)


@settings(max_examples=60)
@given(
    st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 2, 5, 16, 60]), st.integers(0, 99)
)
def test_the_default_is_never_larger_than_packed(width, height, colors, seed):
    """Whatever the picture, trying to model it costs no byte."""
    indices = np.random.default_rng(seed).integers(0, colors, (height, width))
    indices[1::2] = indices[: height // 2 * 2 : 2]
    palette = distant_palette(colors, seed)
    modelled, packed = (
        kmcodec.encode_indexed(palette, indices, coding=coding) for coding in ("modelled", "packed")
    )

    assert len(modelled) <= len(packed)
    assert (kmcodec.decode_indexed(modelled)[1] == indices).all()


def test_a_palette_is_coded_where_that_is_shorter():
    """Beside packed indices, too, the palette has the shorter form."""
    indices = np.random.default_rng(0).integers(0, 256, (64, 64))
    grays = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    smooth, distant = (kmcodec.encode_indexed(p, indices) for p in (grays, distant_palette(256)))

    assert head_of(smooth).header.coding == head_of(distant).header.coding == Coding.PACKED
    assert head_of(smooth).header.flags == Flags.CODED_PALETTE
    assert head_of(distant).header.flags == 0
    assert head_of(smooth).order is None


@pytest.mark.parametrize("colors", [2, 5, 16, 64, 256])
@pytest.mark.parametrize("shape", [(9, 9), (60, 80), (300, 300)])
def test_indexed_pictures_are_kept_entry_by_entry(shape, colors):
    """Palette and indices come back exactly, whatever order they are coded in."""
    palette, indices = scattered_ramp(colors, shape)
    palette_again, indices_again = kmcodec.decode_indexed(kmcodec.encode_indexed(palette, indices))

    assert (palette_again == palette).all()
    assert (indices_again == indices).all()


def test_an_order_is_stored_where_it_pays():
    """A large picture of a scattered palette is coded in another order, and that is stored."""
    palette, indices = scattered_ramp(64, (120, 160))
    data = kmcodec.encode_indexed(palette, indices)
    head = head_of(data)

    assert head.order is not None
    assert (head.palette == palette).all()
    assert (kmcodec.decode(data) == palette[indices]).all()
    ordered = np.argsort(palette[:, 0], kind="stable")
    alike = kmcodec.encode_indexed(palette[ordered], np.argsort(ordered)[indices])
    assert len(data) < len(alike) + 80


def test_no_order_is_stored_where_there_is_nothing_to_gain():
    """A palette whose order is good already is coded as it is."""
    ramp = np.repeat(np.arange(0, 256, 4, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    head = head_of(kmcodec.encode_indexed(ramp, plane("dithered", (100, 100), 64)))

    assert head.header.coding == Coding.MODELLED
    assert head.order is None


@pytest.mark.parametrize("mode", ["P", "PA"])
@pytest.mark.parametrize("alpha", [False, True])
def test_palette_pictures_are_kept_entry_by_entry(mode, alpha):
    """Duplicates, unused entries and their order survive, with an order in the file or none."""
    palette, indices = scattered_ramp(40, (100, 120))
    palette[7] = palette[30]
    indices[indices == 12] = 13
    image = Image.fromarray(indices.astype(np.uint8))
    image.putpalette(palette.tobytes())
    if alpha and mode == "P":
        image.info["transparency"] = bytes(range(100, 140))
    if mode == "PA":
        image = image.convert("PA")
        if alpha:
            image.putalpha(Image.fromarray((indices % 2 * 255).astype(np.uint8)))
    data = kmcodec.encode(image)
    again = Image.open(BytesIO(data))

    assert head_of(data).header.coding == Coding.MODELLED
    assert again.mode == mode
    assert again.getpalette()[:120] == palette.ravel().tolist()
    assert (np.asarray(again) == np.asarray(image)).all()
    if alpha and mode == "P":
        assert again.info["transparency"] == bytes(range(100, 140))


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_other_pictures_are_coded_in_the_best_order(mode):
    """Where the palette is the encoder's own, no order is stored, and neighbors are like."""
    palette, indices = scattered_ramp(60, (100, 120))
    image = Image.fromarray(palette[indices]).convert(mode)
    head = head_of(kmcodec.encode(image))
    entries = head.palette.astype(int)

    assert head.order is None
    assert head.header.coding == Coding.MODELLED
    assert np.abs(np.diff(entries, axis=0)).max() < 40
    assert (np.asarray(Image.open(BytesIO(kmcodec.encode(image)))) == np.asarray(image)).all()


def test_black_comes_before_white():
    """The palette of a bilevel picture has one order."""
    for first in (False, True):
        pixels = np.full((40, 40), first)
        pixels[10:20, 5:30] = not first
        head = head_of(kmcodec.encode(pixels))
        assert head.palette.ravel().tolist() == [0, 255]


@pytest.mark.parametrize(
    "case",
    [
        scattered_ramp(64, (50, 60)),
        scattered_ramp(200, (300, 260)),
        (distant_palette(8), plane("tiled", (64, 64), 8)),
        (distant_palette(300), plane("gradient", (90, 90), 300)),
    ],
)
def test_trials_are_deterministic(case):
    """The same picture is the same bytes again, whatever was coded in between."""
    once = kmcodec.encode_indexed(*case)
    kmcodec.encode_indexed(*scattered_ramp(30, (80, 80), 1))

    assert kmcodec.encode_indexed(*case) == once
    assert kmcodec.encode_indexed(*case, threads=1) == once


@pytest.mark.parametrize("keep_order", [False, True])
def test_a_picture_of_many_megapixels_is_tried_on_some_rows(keep_order, monkeypatch):
    """Of a large picture only the order that does best on some rows is coded whole."""
    palette = distant_palette(64)
    source = Indexed(Mode.RGB, palette, plane("dithered", (300, 300), 64))
    coded = []

    def note(_header, codes, _slack, _threads, _progress):
        coded.append(codes)
        return [b"x"]

    monkeypatch.setattr("kmcodec.coding.plan.model_bands", note)
    plan = plan_file(source, keep_order, Options())

    assert len(coded) == 1
    assert plan.payloads() == [b"x"]
    assert plan.header.coding == Coding.MODELLED
    small = Indexed(Mode.RGB, palette, source.indices[:100])
    plan_file(small, keep_order, Options())
    assert len(coded) == 3


def test_bands_beyond_the_models_memory_are_packed(monkeypatch):
    """A band of more cells than a decoder takes is not modelled."""
    monkeypatch.setattr("kmcodec.coding.plan.MAX_MODELLED_CELLS", 1000)
    data = kmcodec.encode(gradient(60, 40))

    assert MAX_MODELLED_CELLS > 1000
    assert head_of(data).header.coding == Coding.PACKED
    assert head_of(kmcodec.encode(gradient(60, 40), band_rows=5)).header.coding == Coding.MODELLED


def test_one_band_of_noise_is_enough_to_pack():
    """All bands have one coding: where one is longer than packed, none is modelled."""
    palette = distant_palette(16)
    indices = np.concatenate((plane("flat", (16, 64), 16), plane("noise", (16, 64), 16)))
    whole = kmcodec.encode_indexed(palette, indices)
    banded = kmcodec.encode_indexed(palette, indices, band_rows=16)

    assert head_of(whole).header.coding == Coding.MODELLED
    assert head_of(banded).header.coding == Coding.PACKED
    for data in (whole, banded):
        assert (kmcodec.decode_indexed(data)[1] == indices).all()


def test_65536_colors_are_modelled():
    """A picture of the most colors there can be, smooth in all of them, comes back identical."""
    y, x = np.mgrid[0:256, 0:256]
    pixels = np.stack((x, y, (x + y) // 2), axis=-1).astype(np.uint8)
    data = kmcodec.encode(pixels, 65536)

    assert head_of(data).header.coding == Coding.MODELLED
    assert head_of(data).header.color_count == 65536
    assert len(data) < pixels.size
    assert (kmcodec.decode(data) == pixels).all()


def test_bands_that_no_decoder_takes_are_refused_before_they_are_coded():
    """Rows that are wanted but too long together are a mistake of the caller's."""
    rows = np.broadcast_to(np.uint16(0), (1 << 16, 1 << 17))  # 9 bits each
    source = Indexed(Mode.RGB, np.zeros((300, 3), np.uint8), rows)

    with pytest.raises(ValueError, match="bands of 65536 rows are longer than 4294967295 bytes"):
        plan_file(source, True, Options(band_rows=1 << 16))


@pytest.mark.parametrize("keep_order", [False, True])
@pytest.mark.parametrize("colors", [2, 9, 200, 300])
def test_codes_of_frames_are_their_indices_by_another_palette(colors, keep_order):
    """Modelled or packed, what is decoded is the picture, and its indices if they are to stay."""
    pixels = picture(40, 30, colors)
    palette, indices = kmcodec.quantize(pixels, colors)
    counts = np.bincount(indices.ravel(), minlength=colors)
    plans = plan_frames(Indexed(Mode.RGB, palette, indices), counts, keep_order, Options())

    assert [plan.header.coding for plan in plans] == [Coding.MODELLED, Coding.PACKED]
    for plan in plans:
        data = plan.header.pack() + plan.palette
        reader = SectionReader(BytesIO(data))
        reader.take("header", HEADER_BYTES)
        entries, order = read_palette(reader, plan.header)
        codes = plan.codes(indices)
        shown = codes if order is None else order[codes]
        assert entries[shown].tolist() == pixels.tolist()
        if keep_order:
            assert shown.tolist() == indices.tolist()
            assert entries.tolist() == palette.tolist()


def test_the_order_of_codes_minds_all_frames():
    """It is made by counts that the first frame alone does not tell."""
    rng = np.random.default_rng(0)
    palette = rng.integers(0, 256, (64, 3)).astype(np.uint8)
    first = Indexed(Mode.RGB, palette, rng.integers(0, 64, (300, 300)).astype(np.uint8))
    tables = {
        plan_frames(first, counts, False, Options())[0].table.tobytes()
        for counts in (np.ones(64, np.int64), rng.integers(1, 10**6, 64))
    }

    assert len(tables) == 2


def test_frames_of_one_color_or_packed_have_one_plan():
    """There is nothing to choose."""
    one = Indexed(Mode.L, np.zeros((1, 1), np.uint8), np.zeros((4, 5), np.uint8))
    two = Indexed(Mode.L, np.array([[9], [3]], np.uint8), np.eye(4, dtype=np.uint8))
    (plan,) = plan_frames(one, np.array([20]), True, Options())
    assert plan.header.coding == Coding.PACKED
    (plan,) = plan_frames(two, np.array([12, 4]), False, Options(coding="packed"))
    assert (plan.palette, plan.table, plan.header.flags) == (b"\x09\x03", None, 0)


@pytest.mark.parametrize(("band_rows", "codings"), [(5, [1, 0]), (4, [0])])
def test_frames_in_many_bands_are_packed(band_rows, codings):
    """Of 40 rows, 8 bands may be modelled, but not 10."""
    palette, indices = kmcodec.quantize(gradient(60, 40), 16)
    first, counts = Indexed(Mode.RGB, palette, indices), np.bincount(indices.ravel())
    plans = plan_frames(first, counts, False, Options(band_rows=band_rows))

    assert [plan.header.coding for plan in plans] == codings
    frames = [palette[indices], palette[indices[::-1]]]
    data = kmcodec.encode_frames(frames, band_rows=band_rows)
    assert [each.pixels.tolist() for each in kmcodec.decode_frames(data)] == [
        frame.tolist() for frame in frames
    ]
