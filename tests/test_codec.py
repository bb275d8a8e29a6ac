"""Encode and decode as whole staircases."""

import math
from mmap import ACCESS_READ, mmap

import numpy as np
import pytest
from arrays import arrays
from helpers import gradient, photo, picture
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import kmcodec
from kmcodec.coding.bands import choose_band_rows
from kmcodec.format import HEADER_BYTES, MAX_BAND_BYTES, Coding, Header

CODINGS = ["modelled", "packed"]
both_codings = pytest.mark.parametrize("coding", CODINGS)


def psnr(a, b):
    """Peak signal-to-noise ratio in dB of two uint8 arrays."""
    return 10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2))


@both_codings
@settings(max_examples=60)
@given(arrays(range(256), 10, 10, 4))
def test_few_colors_are_kept_exactly(coding, pixels):
    """A picture of at most as many colors as asked for comes back identical."""
    expected = np.asarray(
        Image.fromarray(pixels if pixels.shape[2] > 1 else pixels[..., 0]).convert(
            {1: "RGB", 2: "RGBA", 3: "RGB", 4: "RGBA"}[pixels.shape[2]]
        )
    )

    assert (kmcodec.decode(kmcodec.encode(pixels, coding=coding)) == expected).all()


@pytest.mark.parametrize(
    ("coding", "colors"),
    [("packed", count) for count in (1, 2, 3, 255, 256, 257, 4096, 65536)]
    + [("modelled", count) for count in (1, 2, 3, 255, 256, 257, 4096)],
)
def test_exactly_so_many_colors_are_kept(coding, colors):
    """The limit itself is exact, in the fewest bits that hold it."""
    side = 256 if coding == "packed" else 64
    pixels = picture(side, side, colors)
    data = kmcodec.encode(pixels, colors, coding=coding)

    assert (kmcodec.decode(data) == pixels).all()
    assert kmcodec.info(data).header.color_count == colors


@pytest.mark.parametrize("colors", [1, 2, 16, 64, 256, 300])
def test_many_colors_are_quantized(colors):
    """A photograph gets exactly as many colors as asked for, and better with more."""
    pixels = photo(96, 64)
    data = kmcodec.encode(pixels, colors)
    decoded = kmcodec.decode(data)

    assert kmcodec.info(data).header.color_count == colors
    assert len(np.unique(decoded.reshape(-1, 3), axis=0)) == colors
    assert psnr(pixels, decoded) > {1: 8, 2: 11, 16: 18, 64: 24, 256: 28, 300: 28}[colors]


@both_codings
@settings(max_examples=60)
@given(
    count=st.sampled_from([1, 2, 3, 4, 5, 16, 17, 255, 256, 257, 1000, 65536]),
    channels=st.sampled_from([3, 4]),
    shape=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    rows=st.sampled_from([None, 1, 2, 3, 7]),
    seed=st.integers(0, 99),
)
def test_indexed_round_trip(coding, count, channels, shape, rows, seed):
    """Palette and indices come back as they are, duplicates and unused entries included."""
    rng = np.random.default_rng(seed)
    palette = rng.integers(0, 256, (count, channels)).astype(np.uint8)
    indices = rng.integers(0, count, shape)
    encoded = kmcodec.encode_indexed(palette, indices, coding=coding, band_rows=rows)
    palette_again, indices_again = kmcodec.decode_indexed(encoded)

    assert (palette == palette_again).all()
    assert (indices == indices_again).all()
    assert (kmcodec.decode(encoded) == palette[indices]).all()


def test_packed_bytes_are_fixed():
    """The same palette and indices packed give these bytes, on every machine and in every run."""
    palette = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.uint8)
    data = kmcodec.encode_indexed(
        palette, [[0, 1], [2, 0], [1, 1]], coding="packed", band_rows=2, comment="hi"
    )
    expected = (
        "8b4b4d51 00 00 03 01 02000000 03000000 0200 0100"
        "01 07 636f6d6d656e74 02000000 6869"
        "010203 040506 070809 162cf66b"
        "02000000 10 80 e0df416d"
        "01000000 50 5413c167"
    )

    assert bytes.fromhex(expected) == data


@pytest.mark.parametrize(
    ("palette", "indices"),
    [
        (np.zeros((2, 2), np.uint8), [[0]]),
        (np.zeros((2, 3), np.int16), [[0]]),
        (np.zeros((0, 3), np.uint8), [[0]]),
        (np.zeros((65537, 3), np.uint8), [[0]]),
        (np.zeros((2, 3), np.uint8), [[2]]),
        (np.zeros((2, 3), np.uint8), [[-1]]),
        (np.zeros((2, 3), np.uint8), [[0.0]]),
        (np.zeros((2, 3), np.uint8), [0]),
        (np.zeros((2, 3), np.uint8), [[]]),
    ],
)
def test_impossible_palettes_and_indices_are_refused(palette, indices):
    """Arrays of a wrong shape, type or range are the caller's mistake."""
    with pytest.raises(ValueError, match=r"palette|indices"):
        kmcodec.encode_indexed(palette, indices)


def test_a_palette_larger_than_asked_for_loses_unused_entries_first():
    """A P image with few used colors stays exact and in order where they fit."""
    image = Image.fromarray(np.array([[200, 7, 200]], np.uint8))
    image.putpalette([i // 3 for i in range(768)])
    palette, indices = kmcodec.quantize(image, 2)

    assert palette.tolist() == [[7, 7, 7], [200, 200, 200]]
    assert indices.tolist() == [[1, 0, 1]]
    assert len(kmcodec.quantize(image).palette) == 256


def test_black_and_white_stays_so_with_one_color():
    """One color of a black and white picture is the more frequent one."""
    data = kmcodec.encode(np.array([[True, False, True]]), 1)

    assert kmcodec.info(data).header.mode.name == "BILEVEL"
    assert kmcodec.decode(data).tolist() == [[[255] * 3] * 3]


def test_quantize_is_what_encode_packs():
    """Quantize gives the palette and indices of the file encode would make of packed indices."""
    pixels = photo(40, 30)
    palette, indices = kmcodec.quantize(pixels, 8, dither=0.5)
    data = kmcodec.encode(pixels, 8, dither=0.5, coding="packed")
    stored_palette, stored_indices = kmcodec.decode_indexed(data)

    assert (palette == stored_palette).all()
    assert (indices == stored_indices).all()


def test_quantize_is_what_encode_models_in_another_order():
    """A modelled file has the entries and pixels of quantize; their order is the encoder's."""
    pixels = photo(40, 30)
    palette, indices = kmcodec.quantize(pixels, 8, dither=0.5)
    data = kmcodec.encode(pixels, 8, dither=0.5)
    stored_palette, stored_indices = kmcodec.decode_indexed(data)

    assert kmcodec.info(data).header.coding == Coding.MODELLED
    assert sorted(palette.tolist()) == sorted(stored_palette.tolist())
    assert (palette[indices] == stored_palette[stored_indices]).all()


@both_codings
@pytest.mark.parametrize("mode", ["P", "PA"])
def test_palette_pictures_are_stored_in_their_order(mode, coding):
    """The palette of a P or PA picture is no set: quantize and encode agree entry by entry."""
    image = Image.fromarray(photo(40, 30)).quantize(30).convert(mode)
    palette, indices = kmcodec.quantize(image)
    stored_palette, stored_indices = kmcodec.decode_indexed(kmcodec.encode(image, coding=coding))

    assert (palette == stored_palette).all()
    assert (indices == stored_indices).all()


def test_the_packed_coding_is_plain():
    """Packed indices and a plain palette cost 32 bytes beside them, in any picture."""
    for pixels, colors in [(photo(40, 30), 16), (gradient(40, 30), 256), (picture(8, 8, 1), 256)]:
        data = kmcodec.encode(pixels, colors, coding="packed")
        header = kmcodec.info(data).header

        assert (header.coding, header.flags) == (Coding.PACKED, 0)
        assert len(data) == 32 + header.palette_bytes + header.height * header.row_bytes


def test_a_file_decodes_from_its_start(tmp_path):
    """A binary file is decoded as its bytes are, wherever it stands, and stays open."""
    data = kmcodec.encode(gradient(30, 20), band_rows=7)
    path = tmp_path / "x.kmq"
    path.write_bytes(data)
    with path.open("rb") as file:
        for position in (0, 5, len(data)):
            file.seek(position)
            assert (kmcodec.decode(file) == kmcodec.decode(data)).all()
            assert (kmcodec.decode_indexed(file)[1] == kmcodec.decode_indexed(data)[1]).all()
        with pytest.raises(kmcodec.LimitError):
            kmcodec.decode(file, max_pixels=599)


def test_a_mapped_file_decodes(tmp_path):
    """A file mapped into memory is a buffer as any other."""
    data = kmcodec.encode(gradient(30, 20))
    path = tmp_path / "x.kmq"
    path.write_bytes(data)
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as mapped:
        assert (kmcodec.decode(mapped) == kmcodec.decode(data)).all()


def test_the_pixel_limit():
    """A picture above max_pixels is refused, one at it decoded, and None lifts the limit."""
    data = kmcodec.encode(picture(5, 4, 3))

    assert kmcodec.decode(data, max_pixels=20).shape == (4, 5, 3)
    with pytest.raises(kmcodec.LimitError):
        kmcodec.decode(data, max_pixels=19)
    with pytest.raises(kmcodec.LimitError):
        kmcodec.decode_indexed(data, max_pixels=19)
    assert kmcodec.decode(data, max_pixels=None).shape == (4, 5, 3)


def test_a_bomb_is_refused_by_default():
    """A few bytes that promise a terabyte are refused before anything is allocated."""
    small = kmcodec.encode(np.zeros((1, 1, 3), np.uint8))
    bomb = small[:8] + bytes.fromhex("00000040 00000040") + small[16:]

    assert Header.unpack(bomb[:HEADER_BYTES]).width == 1 << 30
    with pytest.raises(kmcodec.LimitError):
        kmcodec.decode(bomb)


@pytest.mark.parametrize(
    ("width", "height", "rows"),
    [(1, 1, 1), (1024, 1024, 1024), (1024, 1025, 520), (768, 512, 512), (4000, 3000, 192)]
    + [(5_000_000, 3, 1), (1, 3_000_000, 65536), (1 << 30, 2, 1)],
)
def test_bands_are_about_a_megapixel(width, height, rows):
    """One band up to a megapixel; then 2, 4, 8, 16, ... of equal height in multiples of 8 rows."""
    assert rows == choose_band_rows(width, height, None)
    assert rows * width * 2 <= MAX_BAND_BYTES or rows == 1


def test_band_rows_as_wanted():
    """A number of rows that is asked for is taken, up to the height."""
    assert choose_band_rows(10, 100, 7) == 7
    assert choose_band_rows(10, 5, 7) == 5


@both_codings
@pytest.mark.parametrize("pixels", [picture(33, 29, 200), gradient(33, 29)])
def test_bands_do_not_change_the_picture(pixels, coding):
    """The pixels are the same for any height of bands."""
    for rows in (1, 2, 8, 28, 29, 30):
        data = kmcodec.encode(pixels, coding=coding, band_rows=rows)
        assert (kmcodec.decode(data) == pixels).all()


def test_encode_tells_whether_it_is_exact():
    """By the bytes it returns; and PSNR otherwise."""
    pixels = photo(30, 20)
    lossy = kmcodec.encode(pixels, 9)
    delta = kmcodec.decode(lossy).astype(float) - pixels

    assert kmcodec.encode(pixels, 600).is_exact
    assert not lossy.is_exact
    assert math.isclose(lossy.psnr, 10 * math.log10(255**2 / np.mean(delta**2)))


@pytest.mark.parametrize("options", [{"colors": 9}, {"palette": ["red", "blue"]}])
def test_exact_fails_instead_of_losing_anything(options):
    """It tells how many colors there are."""
    pixels = photo(30, 20)
    count = len(np.unique(pixels.reshape(-1, 3), axis=0))

    with pytest.raises(kmcodec.QualityError, match=f"has {count} colors"):
        kmcodec.encode(pixels, exact=True, **options)
    with pytest.raises(kmcodec.QualityError, match="not be exact"):
        kmcodec.encode(pixels[:1, :2], exact=True, palette=["red", "blue"])
    assert kmcodec.encode(pixels, count, exact=True).is_exact


def test_exact_keeps_what_alpha_hides():
    """It fails where hidden colors do not fit, and tells how many there are."""
    pixels = picture(12, 9, 60, 4) | np.array([0, 0, 0, 1], np.uint8)
    pixels[:5, :, 3] = 0
    count, hidden = (len(np.unique(part.reshape(-1, 4), axis=0)) for part in (pixels, pixels[:5]))
    fault = f"{count} colors, {hidden} of them under alpha 0, an exact result at most {count - 1}"

    assert kmcodec.encode(pixels, count - 1).is_exact  # as it is seen
    assert (kmcodec.decode(kmcodec.encode(pixels, count, exact=True)) == pixels).all()
    with pytest.raises(kmcodec.QualityError, match=fault):
        kmcodec.encode(pixels, count - 1, exact=True)
    seen = pixels[5:].reshape(-1, 4)
    with pytest.raises(kmcodec.QualityError, match="not be exact"):
        kmcodec.encode(pixels[4:6, :1], exact=True, palette=[seen[0].tolist(), (1, 1, 1, 0)])


def test_exact_keeps_a_palette_whole():
    """Entries that no pixel uses count: they are part of the picture."""
    image = Image.new("P", (3, 2), 7)
    image.putpalette(bytes(range(60)))

    assert kmcodec.encode(image, 20, exact=True).is_exact
    with pytest.raises(kmcodec.QualityError, match="has 20 entries"):
        kmcodec.encode(image, 19, exact=True)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_a_picture_has_pixels(mode, tmp_path):
    """One without any is a mistake of the caller's, told in Pillow's words, and writes no file."""
    image = Image.new(mode, (0, 5))
    for write in (kmcodec.encode, lambda image: image.save(tmp_path / "x.kmq")):
        with pytest.raises(ValueError, match="cannot write empty image as KMQ"):
            write(image)
    assert not list(tmp_path.iterdir())


def test_labels_survive_whatever_is_asked():
    """Indices of a palette that fits are kept, not only colors."""
    labels = np.arange(200, dtype=np.uint8).reshape(10, 20)
    image = Image.frombytes("P", (20, 10), labels.tobytes())
    image.putpalette([7, 7, 7] * 256)
    for options in ({"psnr": 5}, {"dither": 1}, {"speed": 10}, {"exact": True}):
        data = kmcodec.encode(image, **options)
        assert (kmcodec.decode_indexed(data)[1] == labels).all()
