"""What is kept as it is, what is quantized, and the mode a picture opens in."""

import numpy as np
import pytest
from helpers import photo, picture
from PIL import Image

import kmcodec
from kmcodec.format import Mode
from kmcodec.images.pixels import read_image
from kmcodec.options import Options
from kmcodec.quantizer.indexing import drop_unused, index_picture, sort_entries

GRAYS = [[0, 0, 0], [100, 100, 100], [255, 255, 255]]
COLORS = [[255, 0, 0], [0, 0, 255]]
PALETTE = np.array([[9, 9, 9], [1, 2, 3], [7, 7, 7], [1, 2, 3]], np.uint8)
INDICES = np.array([[3, 3, 0], [0, 3, 0]], np.uint8)


def image_of(mode):
    """Make a picture of more than three colors in a mode of Pillow's."""
    image = Image.fromarray(photo(20, 12))
    return image.quantize(40).convert(mode) if mode in ("P", "PA") else image.convert(mode)


def index(image, **options):
    """Mode and result."""
    return index_picture(read_image(image), Options(**options))


def test_a_palette_that_fits_is_kept():
    """A P picture keeps entries, order and indices, whatever else is asked for."""
    image = image_of("P")
    for options in ({}, {"speed": 1}, {"dither": 1.0}, {"fixed": COLORS}):
        mode, quantized = index(image, **options)

        assert mode == Mode.P
        assert quantized.palette.ravel().tolist() == image.getpalette()[: 3 * 40]
        assert (quantized.indices == np.asarray(image)).all()
        assert quantized.mse == 0


@pytest.mark.parametrize(
    ("mode", "palette", "expected"),
    [
        ("L", GRAYS, "L"),
        ("L", COLORS, "RGB"),
        ("LA", GRAYS, "LA"),
        ("LA", COLORS, "RGBA"),
        ("1", GRAYS, "L"),
        ("1", GRAYS[::2], "1"),
        ("1", GRAYS[::-2], "L"),
        ("1", GRAYS[:1] * 2, "L"),
        ("1", GRAYS * 100, "RGB"),
        ("1", COLORS, "RGB"),
        ("P", COLORS, "P"),
        ("P", np.zeros((300, 3), int), "RGB"),
        ("PA", COLORS, "RGBA"),
        ("RGB", GRAYS, "RGB"),
        ("RGB", [[*color, 255] for color in COLORS], "RGB"),
        ("RGB", [[*color, 100] for color in COLORS], "RGBA"),
        ("RGBA", COLORS, "RGBA"),
    ],
)
def test_the_mode_follows_a_given_palette(mode, palette, expected):
    """A picture opens in its own mode unless that cannot hold the palette."""
    data = kmcodec.encode(image_of(mode), palette=palette)
    with_alpha = expected.endswith("A")
    wanted = [[*color, 255][: 4 if with_alpha else 3] for color in np.asarray(palette).tolist()]
    wanted = [list(color[:3]) + ([color[3]] if with_alpha else []) for color in wanted]

    assert kmcodec.info(data).header.mode.pillow == expected
    assert kmcodec.decode_indexed(data)[0].tolist() == wanted


def test_a_bilevel_picture_is_told_apart_by_a_gray_palette():
    """Mode 1 holds black and white alone; with gray entries it opens as L."""
    image = Image.fromarray(np.array([[True, False]]))

    assert kmcodec.decode(kmcodec.encode(image, palette=GRAYS)).tolist() == [[[255] * 3, [0] * 3]]


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_fixed_colors_in_other_modes(mode):
    """They are kept, in a mode that can hold them."""
    data = kmcodec.encode(image_of(mode), 6, fixed=COLORS)
    palette = kmcodec.decode_indexed(data)[0][:, :3].tolist()

    assert len(palette) == 6
    assert all(color in palette for color in COLORS)


@pytest.mark.parametrize("fixed", [GRAYS[2:], GRAYS[:1] * 2, GRAYS[::-2]])
def test_fixed_colors_in_any_order_in_a_bilevel_picture(fixed):
    """What mode 1 cannot hold opens as L, and as the same pixels."""
    image = Image.fromarray(np.array([[True, False]]))
    data = kmcodec.encode(image, fixed=fixed, psnr=40)

    assert kmcodec.decode(data).tolist() == [[[255] * 3, [0] * 3]]


def test_repeated_fixed_colors_beside_all_grays():
    """A file of mode L has 256 entries at most, whatever is asked for."""
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    data = kmcodec.encode(pixels, 1000, fixed=GRAYS[:1] * 2)

    assert kmcodec.info(data).header.mode == Mode.L
    assert len(kmcodec.decode_indexed(data)[0]) == 256


def test_one_color_of_a_bilevel_picture():
    """It is black or white, and the error is that of this color."""
    _, quantized = index(Image.fromarray(np.array([[True, True, False]])), colors=1)

    assert quantized.palette.tolist() == [[255]]
    assert quantized.mse == 255**2 / 3


def test_alpha_of_fixed_colors():
    """A translucent color makes the file one with alpha."""
    data = kmcodec.encode(image_of("RGB"), 6, fixed=[[1, 2, 3, 128]])

    assert kmcodec.info(data).header.mode == Mode.RGBA
    assert [1, 2, 3, 128] in kmcodec.decode_indexed(data)[0].tolist()


def test_a_small_picture_with_a_given_palette_is_remapped():
    """Even one whose own colors would fit."""
    pixels = picture(9, 8, 5)
    palette = kmcodec.decode_indexed(kmcodec.encode(pixels, palette=GRAYS))[0]

    assert palette.tolist() == GRAYS


@pytest.mark.parametrize("mode", ["P", "PA", "L", "RGBA"])
def test_palette_pictures_with_too_many_colors_are_quantized(mode):
    """They get as many as asked for, in their own mode."""
    got, quantized = index(image_of(mode), colors=7)

    assert got.pillow == mode
    assert len(quantized.palette) == 7
    assert quantized.mse > 0


def test_gray_with_hidden_colors_kept_stays_gray():
    """All four channels count then, and no entry is tinted."""
    gray = Image.fromarray(photo(64, 48)[..., 1]).convert("RGBA")
    gray.putalpha(Image.linear_gradient("L").resize(gray.size))
    found = kmcodec.quantize(gray, 12, keep_hidden=True)
    pixels = np.asarray(gray).astype(int)
    error = np.mean(np.sum((found.palette[found.indices] - pixels) ** 2, axis=2))

    assert (found.palette[:, :3] == found.palette[:, :1]).all()
    assert found.mse == pytest.approx(error)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
@pytest.mark.parametrize("space", ["blend", "rgb", "oklab"])
def test_gray_stays_gray(mode, space):
    """In any mode, gray pixels get the palette that they get as one channel, and the same loss."""
    gray = Image.fromarray(photo(64, 48)[..., 1])
    expected = kmcodec.quantize(gray, 12, space=space)
    found = kmcodec.quantize(gray.convert(mode), 12, space=space)

    assert (found.palette[:, :3] == expected.palette[:, :1]).all()
    assert (found.indices == expected.indices).all()
    assert found.psnr == expected.psnr
    channels = 1 if mode == "LA" else 3
    assert found.mse == pytest.approx(channels * expected.mse)


def test_gray_with_a_colored_entry_is_quantized_in_color():
    """What is asked for is kept, whatever the pixels."""
    gray = Image.fromarray(photo(64, 48)[..., 1]).convert("RGB")
    palette = kmcodec.quantize(gray, 12, fixed=["#ff0000"]).palette

    assert palette[0].tolist() == [255, 0, 0]
    assert len(palette) == 12


def test_opaque_pixels_with_alpha_are_as_those_without():
    """RGBA of alpha 255 gets the palette of RGB, and a rate the same second choice."""
    pixels = photo(64, 48)
    opaque = Image.fromarray(pixels).convert("RGBA")
    for rate in (0, 16):
        expected, found = (kmcodec.quantize(im, 20, rate=rate) for im in (pixels, opaque))
        assert (found.palette[:, :3] == expected.palette).all()
        assert (found.palette[:, 3] == 255).all()
        assert (found.indices == expected.indices).all()
        assert (found.mse, found.psnr) == (expected.mse, expected.psnr)


@pytest.mark.parametrize("colors", [4, 65536])
def test_importance_must_fit_the_picture(colors):
    """One for a picture of another size is refused, whether or not it would count."""
    with pytest.raises(ValueError, match=r"importance is of shape \(2, 3\), the picture of"):
        kmcodec.encode(photo(20, 12), colors, importance=np.ones((2, 3)))


def test_drop_unused_keeps_the_order():
    """Entries no pixel uses go; the others stay in their order, and so do the colors."""
    palette, indices = drop_unused(PALETTE, INDICES)

    assert palette.tolist() == [[9, 9, 9], [1, 2, 3]]
    assert (palette[indices] == PALETTE[INDICES]).all()


def test_sort_entries_merges_duplicates():
    """Entries become distinct and ascending; the colors stay."""
    palette, indices = sort_entries(PALETTE, INDICES)

    assert palette.tolist() == [[1, 2, 3], [7, 7, 7], [9, 9, 9]]
    assert (palette[indices] == PALETTE[INDICES]).all()


def test_indices_shrink_with_the_palette():
    """Indices of more than 256 colors are uint16, and uint8 again when fewer are left."""
    palette = np.zeros((300, 3), np.uint8)
    indices = np.array([[299, 0]], np.uint16)

    assert drop_unused(palette, indices)[1].dtype == np.uint8
